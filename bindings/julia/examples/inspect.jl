# Prints every signature of a SavedModel.
#   julia --project=. examples/inspect.jl path/to/saved_model [TAG…]
using Stele

tags = length(ARGS) > 1 ? ARGS[2:end] : ["serve"]
Stele.load(ARGS[1]; tags = tags) do model
    for signature in sort!(
            collect(values(model.signatures));
            by = signature -> signature.name,
        )
        println("signature ", signature.name)
        foreach(
            info -> println("input ", info, info.optional ? " default" : ""),
            signature.inputs,
        )
        foreach(info -> println("output ", info), signature.outputs)
    end
end
