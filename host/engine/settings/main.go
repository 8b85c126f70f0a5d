// Command settings lists what buildkitd reads in its configuration: the path of each setting, one a line, each part in quotes;
// a table whose names are free has the name `a`, and the tables of a list follow `[]`.
//
// The tests of oci-image compare it with what the planner knows; it is no part of the product.
package main

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/moby/buildkit/cmd/buildkitd/config"
)

var readsText = reflect.TypeFor[encoding.TextUnmarshaler]()

func main() {
	table("", reflect.TypeFor[config.Config]())
}

// table prints the settings of a struct, with those of the structs that it embeds.
func table(above string, of reflect.Type) {
	for field := range of.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("toml"), ",")
		switch {
		case name == "-":
		case field.Anonymous && name == "":
			table(above, field.Type)
		default:
			if name == "" {
				name = field.Name
			}
			path := fmt.Sprintf("%s'%s'", above, name)
			fmt.Println(path)
			within(path, field.Type)
		}
	}
}

// within prints the settings of the tables that a value is made of.
func within(path string, of reflect.Type) {
	if of.Implements(readsText) || reflect.PointerTo(of).Implements(readsText) {
		return
	}
	switch of.Kind() {
	case reflect.Pointer:
		within(path, of.Elem())
	case reflect.Slice:
		within(path+"[]", of.Elem())
	case reflect.Map:
		within(path+".a", of.Elem())
	case reflect.Struct:
		table(path+".", of)
	}
}
