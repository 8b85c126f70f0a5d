// Command frontend is a BuildKit frontend that a Dockerfile should not have chosen: it asks for what it was not given, and says
// what nobody should obey. The build argument `attack` names what it does.
//
// The tests of oci-image run it as the image of `# syntax=`; it is no part of the product.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/frontend/gateway/grpcclient"
	"github.com/moby/buildkit/util/appcontext"
)

// unruly commands a terminal, a runner and the eye.
const unruly = "\x1b[2J\r\n::error::x\n\u202egnp\u009b2J\u2028##[command]y"

// attacks are what it can do, by the value of the build argument.
var attacks = map[string]func(context.Context, client.Client) (*client.Result, error){
	"locals":   locals,
	"secrets":  secrets,
	"says":     says,
	"refuses":  refuses,
	"floods":   floods,
	"silent":   silent,
	"nothing":  nothing,
	"metadata": metadata,
	"leaves":   leaves,
}

func main() {
	err := grpcclient.RunFromEnvironment(appcontext.Context(), func(ctx context.Context, c client.Client) (*client.Result, error) {
		name := c.BuildOpts().Opts["build-arg:attack"]
		attack, ok := attacks[name]
		if !ok {
			return nil, fmt.Errorf("attack is %q; there are %q", name, slices.Sorted(maps.Keys(attacks)))
		}
		return attack(ctx, c)
	})
	if err != nil {
		log.Fatal(err)
	}
}

func solve(ctx context.Context, c client.Client, state llb.State) (*client.Result, error) {
	definition, err := state.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	return c.Solve(ctx, client.SolveRequest{Definition: definition.ToPB(), Evaluate: true})
}

// locals asks for directories that nobody named, and for paths that lead out of those that somebody did; whatever comes is put
// into the image.
func locals(ctx context.Context, c client.Client) (*client.Result, error) {
	outside := []string{"../outside", "../../work/outside", "/outside", "link/outside", "..", "context/../../outside"}
	tried := []llb.State{
		llb.Local("context", llb.IncludePatterns(outside), llb.SharedKeyHint("a")),
		llb.Local("context", llb.FollowPaths(outside), llb.SharedKeyHint("b")),
		llb.Local("context", llb.FollowPaths([]string{"link", "link/outside", "chain"}), llb.SharedKeyHint("c")),
		llb.Local("dockerfile", llb.IncludePatterns(outside), llb.SharedKeyHint("d")),
	}
	for _, name := range []string{"", ".", "..", "/", "home", "cache", "image", "../context", "context/..", "context\x00", unruly} {
		tried = append(tried, llb.Local(name, llb.SharedKeyHint("n"+name)))
	}
	image := llb.Scratch()
	got := 0
	for index, local := range tried {
		if _, err := solve(ctx, c, local); err != nil {
			continue
		}
		got++
		image = image.File(llb.Copy(local, "/", fmt.Sprintf("/%d/", index), &llb.CopyInfo{CopyDirContentsOnly: true, CreateDestPath: true}))
	}
	image = image.File(llb.Mkfile("/got", 0o644, fmt.Appendf(nil, "%d of %d", got, len(tried))))
	return solve(ctx, c, image)
}

// secrets mounts what nobody gave.
func secrets(ctx context.Context, c client.Client) (*client.Result, error) {
	busybox := llb.Scratch().File(llb.Copy(llb.Local("context"), "/busybox", "/busybox"))
	var got []string
	for _, id := range []string{"absent", "../outside", "/etc/shadow", "GIT_AUTH_TOKEN", unruly} {
		run := busybox.Run(llb.Args([]string{"/busybox", "cat", "/s"}), llb.AddSecret("/s", llb.SecretID(id)))
		if _, err := solve(ctx, c, run.Root()); err == nil {
			got = append(got, id)
		}
		run = busybox.Run(llb.Args([]string{"/busybox", "true"}), llb.AddSSHSocket(llb.SSHID(id)))
		if _, err := solve(ctx, c, run.Root()); err == nil {
			got = append(got, "agent "+id)
		}
	}
	return solve(ctx, c, llb.Scratch().File(llb.Mkfile("/got", 0o644, []byte(strings.Join(got, "\n")))))
}

// says gives every text that a frontend may give, in vertices, warnings and logs.
func says(ctx context.Context, c client.Client) (*client.Result, error) {
	busybox := llb.Scratch().File(llb.Copy(llb.Local("context"), "/busybox", "/busybox"), llb.WithCustomName("copy "+unruly))
	echo := busybox.Run(llb.Args([]string{"/busybox", "echo", unruly}), llb.WithCustomName("run "+unruly))
	result, err := solve(ctx, c, echo.Root())
	if err != nil {
		return nil, err
	}
	definition, err := echo.Root().Marshal(ctx)
	if err != nil {
		return nil, err
	}
	digest, err := definition.Head()
	if err != nil {
		return nil, err
	}
	warned := c.Warn(ctx, digest, "warning "+unruly, client.WarnOpts{
		Level:  1,
		Detail: [][]byte{[]byte(unruly), []byte(strings.Repeat("x", 1<<16))},
		URL:    "https://" + unruly,
	})
	return result, warned
}

// refuses ends with a very long error.
func refuses(context.Context, client.Client) (*client.Result, error) {
	return nil, errors.New(unruly + strings.Repeat("long "+unruly, 1<<14))
}

// floods warns without an end that anybody would wait for.
func floods(ctx context.Context, c client.Client) (*client.Result, error) {
	state := llb.Scratch().File(llb.Mkdir("/a", 0o755))
	definition, err := state.Marshal(ctx)
	if err != nil {
		return nil, err
	}
	digest, err := definition.Head()
	if err != nil {
		return nil, err
	}
	result, err := solve(ctx, c, state)
	for index := 0; err == nil && index < 20_000; index++ {
		err = c.Warn(ctx, digest, fmt.Sprint(index, unruly), client.WarnOpts{Detail: [][]byte{[]byte(unruly)}})
	}
	return result, err
}

// silent never answers.
func silent(ctx context.Context, _ client.Client) (*client.Result, error) {
	fmt.Fprintln(os.Stderr, "listening")
	<-ctx.Done()
	return nil, ctx.Err()
}

// nothing answers with an empty result.
func nothing(context.Context, client.Client) (*client.Result, error) {
	return client.NewResult(), nil
}

// metadata says of an image what only its exporter may say.
func metadata(ctx context.Context, c client.Client) (*client.Result, error) {
	result, err := solve(ctx, c, llb.Scratch().File(llb.Mkdir("/a", 0o755)))
	if err != nil {
		return nil, err
	}
	for _, key := range []string{"containerimage.digest", "containerimage.config.digest", "containerimage.descriptor", "image.name", unruly} {
		result.AddMeta(key, []byte("../../"+unruly))
	}
	result.AddMeta("containerimage.config", []byte(`{"architecture": "../../x", "os": "`+"\u202e"+`", "config": {"User": "../../../etc/passwd"}}`))
	return result, nil
}

// leaves without a word.
func leaves(context.Context, client.Client) (*client.Result, error) {
	os.Exit(0)
	return nil, nil
}
