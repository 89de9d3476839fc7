# Which digit is this? Load, introspect, run, print.
#   julia --project=. examples/digits.jl path/to/saved_model
using Printf, Stele

const IMAGE = Float32[
    0 0 5 13 12 3 0 0
    0 2 15 11 12 14 1 0
    0 5 14 1 1 14 6 0
    0 7 12 0 0 10 8 0
    0 7 11 0 0 10 8 0
    0 5 13 0 1 13 6 0
    0 1 14 10 12 14 1 0
    0 0 5 14 12 3 0 0
]

Stele.load(ARGS[1]) do model
    signature = model.signatures["serving_default"]
    println("signature ", signature.name)
    println("input ", signature.inputs[1])
    println("output ", signature.outputs[1])

    outputs = model("image" => reshape(IMAGE, 1, 8, 8, 1))
    probabilities = vec(outputs["probabilities"])
    println("digit ", argmax(probabilities) - 1)
    println(
        "probabilities ",
        join((@sprintf("%.6f", value) for value in probabilities), " "),
    )

    # Without the batch: refused before TensorFlow sees it.
    try
        model("image" => reshape(IMAGE, 8, 8, 1))
    catch error
        error isa SteleError || rethrow()
        println("refused ", error.code, ": ", error.message)
    end
end
