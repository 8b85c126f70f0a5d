// Command read says whether go-containerregistry, by which crane, ko and Concourse's registry-image resource read images, takes
// one for whole: every digest, size, media type and platform that is told of is that of what is there.
//
//	read ARCHIVE | LAYOUT
//
// An archive is one of `docker save`, a layout one of OCI. On standard output it tells the platforms that it saw, one a line; what
// attests another manifest has none, and is left out.
//
// The tests of oci-image use it; it is no part of the product.
package main

import (
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// attests is what BuildKit writes where a manifest attests another one.
const attests = "vnd.docker.reference.type"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: read ARCHIVE | LAYOUT")
		os.Exit(2)
	}
	platforms, err := read(os.Args[1])
	if err != nil {
		fmt.Fprintf(os.Stderr, "read: %s: %s\n", os.Args[1], err)
		os.Exit(1)
	}
	for _, platform := range platforms {
		fmt.Println(platform)
	}
}

func read(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		image, err := tarball.ImageFromPath(path, nil)
		if err != nil {
			return nil, err
		}
		platform, err := ofImage(image)
		return []string{platform}, err
	}
	index, err := layout.ImageIndexFromPath(path)
	if err != nil {
		return nil, err
	}
	if err := validate.Index(index); err != nil {
		return nil, err
	}
	return ofIndex(index)
}

// ofImage is the platform of an image that is whole, as its config has it.
func ofImage(image v1.Image) (string, error) {
	if err := validate.Image(image); err != nil {
		return "", err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return "", err
	}
	return config.Platform().String(), nil
}

// ofIndex are the platforms of all images of an index, and of the indexes in it.
func ofIndex(index v1.ImageIndex) ([]string, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var found []string
	for _, entry := range manifest.Manifests {
		platforms, err := ofEntry(index, entry)
		if err != nil {
			return nil, err
		}
		found = append(found, platforms...)
	}
	return found, nil
}

func ofEntry(index v1.ImageIndex, entry v1.Descriptor) ([]string, error) {
	switch {
	case entry.MediaType.IsIndex():
		below, err := index.ImageIndex(entry.Digest)
		if err != nil {
			return nil, err
		}
		return ofIndex(below)
	case entry.Annotations[attests] != "":
		return nil, nil
	case entry.MediaType.IsImage():
		image, err := index.Image(entry.Digest)
		if err != nil {
			return nil, err
		}
		platform, err := ofImage(image)
		return []string{platform}, err
	default:
		return nil, fmt.Errorf("%s is no image: %s", entry.Digest, entry.MediaType)
	}
}
