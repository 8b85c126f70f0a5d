// Command push does with an archive what a `put` of Concourse's registry-image resource does, and pulls it again.
//
// It reads the archive by go-containerregistry's own rule (pkg/v1/tarball), pushes it into the registry of the same library,
// which lives in this process on loopback, and writes what a client pulls from there as an OCI layout, tagged `latest`, for
// other programs to unpack. On standard output it tells what it saw, as JSON.
//
//	push ARCHIVE LAYOUT
//
// The tests of oci-image use it; it is no part of the product.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// report is what was seen.
type report struct {
	// Config is the digest of the image's config, as it was pushed.
	Config string `json:"config"`
	// Layers are the digests of its layers, lowest first, as they were pushed.
	Layers []string `json:"layers"`
	// Read counts the bytes of the archive that were read before the push could begin.
	Read int64 `json:"read"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: push ARCHIVE LAYOUT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "push:", err)
		os.Exit(1)
	}
}

func run(archive, to string) error {
	var read atomic.Int64
	image, err := tarball.Image(func() (io.ReadCloser, error) {
		file, err := os.Open(archive)
		return &counting{file, &read}, err
	}, nil)
	if err != nil {
		return fmt.Errorf("cannot open %s: %w", archive, err)
	}
	manifest, err := image.Manifest()
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", archive, err)
	}
	seen := report{Config: manifest.Config.Digest.String(), Layers: []string{}, Read: read.Load()}
	for _, layer := range manifest.Layers {
		seen.Layers = append(seen.Layers, layer.Digest.String())
	}
	pulled, stop, err := throughRegistry(image)
	if err != nil {
		return err
	}
	defer stop()
	if err := write(pulled, to); err != nil {
		return fmt.Errorf("cannot write %s: %w", to, err)
	}
	return json.NewEncoder(os.Stdout).Encode(seen)
}

// throughRegistry pushes an image and pulls it again; every digest and diff ID of what comes back is compared.
func throughRegistry(image v1.Image) (v1.Image, func(), error) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	fail := func(what string, err error) (v1.Image, func(), error) {
		server.Close()
		return nil, nil, fmt.Errorf("cannot %s: %w", what, err)
	}
	tag, err := name.NewTag(strings.TrimPrefix(server.URL, "http://") + "/image:latest")
	if err != nil {
		return fail("name the image", err)
	}
	if err := remote.Write(tag, image); err != nil {
		return fail("push", err)
	}
	pulled, err := remote.Image(tag)
	if err != nil {
		return fail("pull", err)
	}
	if err := verify(pulled); err != nil {
		return fail("trust what was pulled", err)
	}
	return pulled, server.Close, nil
}

// verify compares every layer with its diff ID; the client has compared it with its digest.
func verify(image v1.Image) error {
	config, err := image.ConfigFile()
	if err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	if len(layers) != len(config.RootFS.DiffIDs) {
		return fmt.Errorf("%d layers have %d diff IDs", len(layers), len(config.RootFS.DiffIDs))
	}
	for i, layer := range layers {
		content, err := layer.Uncompressed()
		if err != nil {
			return err
		}
		diffID, _, err := v1.SHA256(content)
		if err != nil {
			return fmt.Errorf("layer %d: %w", i, err)
		}
		if diffID != config.RootFS.DiffIDs[i] {
			return fmt.Errorf("layer %d has the diff ID %s, the config says %s", i, diffID, config.RootFS.DiffIDs[i])
		}
		if err := content.Close(); err != nil {
			return err
		}
	}
	return nil
}

// write makes an OCI layout of a pulled image. Docker's media types become OCI's, blobs stay as they are.
func write(image v1.Image, to string) error {
	manifest, err := image.Manifest()
	if err != nil {
		return err
	}
	path, err := layout.Write(to, empty.Index)
	if err != nil {
		return err
	}
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	for i, layer := range layers {
		blob, err := layer.Compressed()
		if err != nil {
			return err
		}
		if err := path.WriteBlob(manifest.Layers[i].Digest, blob); err != nil {
			return err
		}
	}
	config, err := image.RawConfigFile()
	if err != nil {
		return err
	}
	if err := path.WriteBlob(manifest.Config.Digest, io.NopCloser(bytes.NewReader(config))); err != nil {
		return err
	}
	return tag(path, ociManifest(manifest))
}

// ociManifest is a manifest whose media types are OCI's.
func ociManifest(pulled *v1.Manifest) *v1.Manifest {
	manifest := pulled.DeepCopy()
	manifest.MediaType = types.OCIManifestSchema1
	manifest.Config.MediaType = types.OCIConfigJSON
	for i, layer := range manifest.Layers {
		if layer.MediaType == types.DockerLayer {
			manifest.Layers[i].MediaType = types.OCILayer
		}
	}
	return manifest
}

// tag adds a manifest to a layout.
func tag(path layout.Path, manifest *v1.Manifest) error {
	document, err := json.Marshal(manifest)
	if err != nil {
		return err
	}
	digest, size, err := v1.SHA256(bytes.NewReader(document))
	if err != nil {
		return err
	}
	if err := path.WriteBlob(digest, io.NopCloser(bytes.NewReader(document))); err != nil {
		return err
	}
	return path.AppendDescriptor(v1.Descriptor{
		MediaType:   manifest.MediaType,
		Digest:      digest,
		Size:        size,
		Annotations: map[string]string{"org.opencontainers.image.ref.name": "latest"},
	})
}

// counting counts the bytes that are read of a file.
type counting struct {
	*os.File
	read *atomic.Int64
}

func (file *counting) Read(buffer []byte) (int, error) {
	count, err := file.File.Read(buffer)
	file.read.Add(int64(count))
	return count, err
}
