"""
A SavedModel in memory, from [`load`](@ref). Call it to run it; any number of threads may at
once. `model.signatures` are its [`Signature`](@ref)s by name.
"""
mutable struct Model
    handle::Ptr{Cvoid}
    # The model itself until it is closed, and each call under way.
    users::Threads.Atomic{Int}
    open::Threads.Atomic{Bool}
    signatures::Dict{String, Signature}
end

function Base.show(io::IO, model::Model)
    return join(
        io,
        sort!(collect(values(model.signatures)); by = signature -> signature.name),
        "\n",
    )
end

"""
    Stele.load(dir; tags = ["serve"], profile = nothing, config = nothing, libtensorflow = nothing)
    Stele.load(f, dir; options...)

Load a SavedModel folder: the graph with exactly these `tags`, with the session of a `profile`
("default", "inline", "single" or "python") or of a serialized ConfigProto, the bytes `config`.
`libtensorflow` is its file or folder, which is searched for unless given. With a function, in
a `do` block, the model is closed at its end.

Throws a [`SteleError`](@ref): `NOT_FOUND` when the folder, its variables, such a graph or
TensorFlow is missing; `DATA_LOSS` for a damaged model; `INVALID_ARGUMENT` for a profile or
config that is none.
"""
function load(
    dir;
    tags = ["serve"],
    profile = nothing,
    config = nothing,
    libtensorflow = nothing,
)
    owners = (
        tags = name(join(tags, ",")),
        profile = profile === nothing ? nothing : name(profile),
        config = config === nothing ? nothing : Vector{UInt8}(config),
        libtensorflow = libtensorflow === nothing ? nothing : text(libtensorflow),
    )
    error = task_error()
    GC.@preserve owners begin
        pointers = map(owner -> owner === nothing ? Ptr{UInt8}(0) : pointer(owner), owners)
        size = config === nothing ? 0 : length(config)
        options = COptions(
            sizeof(COptions),
            pointers.tags,
            pointers.profile,
            pointers.config,
            size,
            pointers.libtensorflow,
        )
        handle = ccall(
            libstele().load,
            Ptr{Cvoid},
            (Ptr{UInt8}, Ref{COptions}, Ptr{UInt8}),
            text(dir),
            options,
            error,
        )
    end
    check(error)
    return finalizer(
        close,
        Model(
            handle,
            Threads.Atomic{Int}(1),
            Threads.Atomic{Bool}(true),
            read_signatures(handle),
        ),
    )
end

function load(f::Function, dir; options...)
    model = load(dir; options...)
    try
        return f(model)
    finally
        close(model)
    end
end

const Pairs = Union{AbstractDict, AbstractVector{<:Pair}}

"""
    model("x" => array, …)
    model(signature, "x" => array, …)

Run a signature, or "serving_default", on inputs by name, and return a `Dict` of its outputs:
each an `Array` with the signature's order of indices. A number or a string is a scalar; a
scalar output is an array without dimensions, whose element is `outputs["y"][]`. Inputs may be
a `Dict` or a vector of pairs, too.

Throws a [`SteleError`](@ref): `NOT_FOUND` for a signature that there is not;
`INVALID_ARGUMENT` for inputs that do not fit; `FAILED_PRECONDITION` after [`close`](@ref);
whatever TensorFlow answers.
"""
(model::Model)(inputs::Pair...) = call(model, "serving_default", inputs)
(model::Model)(signature::AbstractString, inputs::Pair...) = call(model, signature, inputs)
(model::Model)(inputs::Pairs) = call(model, "serving_default", inputs)
(model::Model)(signature::AbstractString, inputs::Pairs) = call(model, signature, inputs)

function call(model, signature, @nospecialize(pairs))
    inputs = Input[Input(name(key), value) for (key, value) in pairs]
    key = name(signature)
    error = task_error()
    handle = retain(model)
    outputs = try
        GC.@preserve inputs ccall(
            libstele().run,
            Ptr{COutputs},
            (Ptr{Cvoid}, Ptr{UInt8}, Ptr{CTensor}, UInt64, Ptr{UInt8}),
            handle,
            key,
            map(CTensor, inputs),
            length(inputs),
            error,
        )
    finally
        release(model)
    end
    check(error)
    return take_outputs(outputs)
end

function take_outputs(outputs::Ptr{COutputs})
    try
        list = unsafe_load(outputs)
        tensors = read_array(list.tensors, list.n_tensors)
        return Dict{String, Array}(
            unsafe_string(one.name) => read_tensor(one)
            for one in tensors
        )
    finally
        ccall(libstele().outputs_free, Cvoid, (Ptr{COutputs},), outputs)
    end
end

"""
    close(model)

Release a model when the calls under way have ended; further ones are refused. The garbage
collector does it too. A model may be closed twice.
"""
Base.close(model::Model) = Threads.atomic_xchg!(model.open, false) && release(model)

"""
    isopen(model)

Whether a model was not closed yet.
"""
Base.isopen(model::Model) = model.open[]

# A user of the model for the length of a call, which `close` does not take away. Nothing
# here waits: a finalizer closes, too.
function retain(model)
    users = model.users[]
    while model.open[] && users > 0
        before = Threads.atomic_cas!(model.users, users, users + 1)
        before == users && return model.handle
        users = before
    end
    throw(SteleError(:FAILED_PRECONDITION, "the model is closed"))
end

# The last user frees it.
function release(model)
    Threads.atomic_sub!(model.users, 1) == 1 || return
    return ccall(libstele().free, Cvoid, (Ptr{Cvoid},), model.handle)
end
