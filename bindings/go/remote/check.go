package remote

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"stele.dev/stele/tensor"
)

// named is a tensor with the name of an input.
type named struct {
	name  string
	value *tensor.Tensor
}

// signatures are those of a model by name, with why one cannot be run.
type signatures map[string]entry

type entry struct {
	public *tensor.Signature
	// refusal is nil unless the signature has a tensor that cannot be sent.
	refusal *tensor.Error
}

// collect makes a list of inputs, whose names can be sent.
func collect(signature string, inputs iter.Seq2[string, *tensor.Tensor]) ([]named, error) {
	if err := checkNames(signature); err != nil {
		return nil, err
	}
	var given []named
	for name, value := range inputs {
		if err := checkNames(name); err != nil {
			return nil, err
		}
		if value == nil {
			return nil, tensor.Errorf(tensor.InvalidArgument, `input "%s" is nil`, name)
		}
		if !value.DType().Known() {
			return nil, tensor.Errorf(tensor.InvalidArgument,
				`tensor "%s" has the unknown dtype %d`, name, value.DType())
		}
		given = append(given, named{name, value})
	}
	return given, nil
}

// check is libstele's, in its order and with its words. It returns inputs in the
// order of the signature, with its defaults; everything as it was given, and no
// signature, where the server does not say what its model takes.
func (s signatures) check(name string, given []named) (*tensor.Signature, []named, error) {
	if s == nil {
		return nil, given, nil
	}
	found, ok := s[name]
	if !ok {
		return nil, nil, tensor.Errorf(tensor.NotFound, `no signature "%s"; this model has %s`,
			name, quoted(slices.Sorted(maps.Keys(s))))
	}
	if found.refusal != nil {
		return nil, nil, found.refusal
	}
	ordered, err := place(found.public, given)
	if err != nil {
		return nil, nil, err
	}
	for i, info := range found.public.Inputs {
		if err := fits(info, ordered[i].value); err != nil {
			return nil, nil, err
		}
	}
	return found.public, ordered, nil
}

// place puts every input where the signature has it: none twice, none unknown,
// none missing.
func place(signature *tensor.Signature, given []named) ([]named, error) {
	byName := make(map[string]*tensor.Tensor, len(given))
	for _, input := range given {
		if _, twice := byName[input.name]; twice {
			return nil, tensor.Errorf(tensor.InvalidArgument, `input "%s" is given twice`, input.name)
		}
		byName[input.name] = input.value
	}
	for _, input := range given {
		if _, known := signature.Input(input.name); !known {
			return nil, tensor.Errorf(tensor.InvalidArgument, `no input "%s"; signature "%s" has %s`,
				input.name, signature.Name, quoted(names(signature.Inputs)))
		}
	}
	ordered := make([]named, len(signature.Inputs))
	for i, info := range signature.Inputs {
		value := byName[info.Name]
		if value == nil {
			value = info.Default
		}
		if value == nil {
			return nil, tensor.Errorf(tensor.InvalidArgument,
				`input "%s" of signature "%s" is missing`, info.Name, signature.Name)
		}
		ordered[i] = named{info.Name, value}
	}
	return ordered, nil
}

func fits(info tensor.Info, value *tensor.Tensor) error {
	if value.DType() != info.DType {
		return tensor.Errorf(tensor.InvalidArgument, `input "%s" has dtype %v, expected %v`,
			info.Name, value.DType(), info.DType)
	}
	if !info.Shape.Accepts(value.Shape()) {
		return tensor.Errorf(tensor.InvalidArgument, `input "%s" has shape %v, expected %v`,
			info.Name, value.Shape(), info.Shape)
	}
	return nil
}

func names(infos []tensor.Info) []string {
	list := make([]string, len(infos))
	for i, info := range infos {
		list[i] = info.Name
	}
	return list
}

// quoted lists names for a message.
func quoted(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return `"` + strings.Join(names, `", "`) + `"`
}
