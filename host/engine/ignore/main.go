// Command ignore says what moby/patternmatcher, by which BuildKit reads .dockerignore, thinks of patterns and paths.
//
// A question is a list of texts, each as its length (four bytes, the highest first) and its bytes: how many patterns there
// are, in decimal, the patterns, and a path. The answer is a byte: y if the path is left out, n if not, p if the patterns are
// refused, e if they are refused only once they are compared with the path, asked directory by directory as a walk asks.
//
//	ignore < questions > answers
//
// The tests of oci-image's own matcher ask it, and its fuzz target; it is no part of the product.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"os"
	"strconv"

	"github.com/moby/patternmatcher"
)

func main() {
	questions, answers := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		patterns, path, err := question(questions)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		if err := errors.Join(answers.WriteByte(answer(patterns, path)), answers.Flush()); err != nil {
			log.Fatal(err)
		}
	}
}

func question(from io.Reader) (patterns []string, path string, err error) {
	first, err := text(from)
	if err != nil {
		return nil, "", err
	}
	count, err := strconv.Atoi(first)
	if err != nil {
		return nil, "", err
	}
	for range count {
		pattern, err := text(from)
		if err != nil {
			return nil, "", err
		}
		patterns = append(patterns, pattern)
	}
	path, err = text(from)
	return patterns, path, err
}

func text(from io.Reader) (string, error) {
	var length uint32
	if err := binary.Read(from, binary.BigEndian, &length); err != nil {
		return "", err
	}
	bytes := make([]byte, length)
	_, err := io.ReadFull(from, bytes)
	return string(bytes), err
}

func answer(patterns []string, path string) byte {
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return 'p'
	}
	var above patternmatcher.MatchInfo
	for at, char := range []byte(path) {
		if char != '/' {
			continue
		}
		_, above, err = matcher.MatchesUsingParentResults(path[:at], above)
		if err != nil {
			return 'e'
		}
	}
	excluded, _, err := matcher.MatchesUsingParentResults(path, above)
	switch {
	case err != nil:
		return 'e'
	case excluded:
		return 'y'
	default:
		return 'n'
	}
}
