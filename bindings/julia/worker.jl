# The worker of the binding "julia", on the kit of bindings/c/kit: that does the protocol,
# and this makes and reads arrays as users do.
using Libdl, Stele

# The kit's C interface, as stele_worker.h has it.
struct Asked
    name::Ptr{UInt8}
    dtype::Int32
    rank::Int32
    dims::Ptr{Int64}
    path::Ptr{UInt8}
    size::UInt64
end

struct Request
    verb::Int32
    dir::Ptr{UInt8}
    tags::Ptr{UInt8}
    profile::Ptr{UInt8}
    config::Ptr{UInt8}
    config_size::UInt64
    signature::Ptr{UInt8}
    n_inputs::UInt64
    inputs::Ptr{Asked}
end

const LOAD, RUN, UNLOAD = 1, 2, 3
const KIT = Stele.open_library("libstele_worker.so.1")
const AGAIN = dlsym(KIT, :stele_worker_again)

# Julia makes its standard streams non-blocking; the kit waits for its own.
function wait_for_streams()
    get_flags, set_flags, nonblock = 3, 4, Sys.islinux() ? 0x0800 : 0x04
    for stream in 0:1
        flags = ccall(:fcntl, Cint, (Cint, Cint), stream, get_flags)
        blocking = flags & ~Cint(nonblock)
        ccall(:fcntl, Cint, (Cint, Cint, Cint...), stream, set_flags, blocking)
    end
end

function start()
    wait_for_streams()
    language = "Julia $VERSION"
    return ccall(
        dlsym(KIT, :stele_worker_new),
        Ptr{Cvoid},
        (Cstring, Cstring, Ptr{UInt8}),
        "julia",
        language,
        C_NULL,
    )
end

# Answers requests until there are no more.
function serve(worker)
    model = nothing
    while true
        request = ccall(dlsym(KIT, :stele_worker_next), Ptr{Request}, (Ptr{Cvoid},), worker)
        request == C_NULL && break
        try
            model = answer(worker, unsafe_load(request), model)
            ccall(dlsym(KIT, :stele_worker_ok), Cvoid, (Ptr{Cvoid},), worker)
        catch error
            refuse(worker, error)
        end
    end
    return ccall(dlsym(KIT, :stele_worker_free), Cvoid, (Ptr{Cvoid},), worker)
end

function refuse(worker, error)
    known = error isa SteleError
    code = known ? findfirst(==(error.code), Stele.CODES) : 13
    message = known ? error.message : replace(sprint(showerror, error), '\0' => "\\0")
    return ccall(
        dlsym(KIT, :stele_worker_error),
        Cvoid,
        (Ptr{Cvoid}, Int32, Cstring),
        worker,
        code,
        message,
    )
end

# Returns the model that is loaded afterwards.
function answer(worker, request, model)
    if request.verb == RUN
        run_model(worker, request, model)
        return model
    end
    loaded = request.verb == LOAD ? load(worker, request) : nothing
    model === nothing || close(model)
    return loaded
end

function load(worker, request)
    config = request.config == C_NULL ?
        nothing :
        Stele.read_array(request.config, request.config_size)
    profile = request.profile == C_NULL ? nothing : unsafe_string(request.profile)
    tags = split(unsafe_string(request.tags), ","; keepempty = false)
    model = Stele.load(
        unsafe_string(request.dir);
        tags = tags,
        profile = profile,
        config = config,
    )
    for signature in values(model.signatures)
        foreach(info -> describe(worker, signature, 0, info), signature.inputs)
        foreach(info -> describe(worker, signature, 1, info), signature.outputs)
    end
    return model
end

function describe(worker, signature, is_output, info)
    dims = info.shape === nothing ?
        Int64[] :
        Int64[something(size, -1) for size in info.shape]
    rank = info.shape === nothing ? -1 : length(dims)
    return ccall(
        dlsym(KIT, :stele_worker_describe),
        Cvoid,
        (Ptr{Cvoid}, Cstring, Int32, Cstring, Cstring, Int32, Ptr{Int64}),
        worker,
        signature.name,
        is_output,
        info.name,
        info.dtype,
        rank,
        dims,
    )
end

function run_model(worker, request, model)
    inputs = Pair[
        unsafe_string(asked.name) => read_input(asked)
        for asked in Stele.read_array(request.inputs, request.n_inputs)
    ]
    outputs = repeat_call(worker, model, unsafe_string(request.signature), inputs)
    foreach(output -> write_output(worker, output...), outputs)
    return
end

function repeat_call(worker, model, signature, inputs)
    outputs = Dict{String, Array}()
    while ccall(AGAIN, Int32, (Ptr{Cvoid},), worker) == 1
        outputs = model(signature, inputs)
    end
    return outputs
end

# Where each element of a row-major array lies in a Julia array of the same dimensions.
function columns(dims)
    places = reshape(collect(1:prod(dims)), dims...)
    length(dims) < 2 && return vec(places)
    return vec(permutedims(places, length(dims):-1:1))
end

function read_input(asked)
    dims = Stele.read_array(asked.dims, asked.rank)
    type = Stele.TYPES[asked.dtype]
    elements = Vector{type}(undef, prod(dims))
    elements[columns(dims)] = open(unsafe_string(asked.path)) do file
        type === String ? read_texts(file) : read!(file, similar(elements))
    end
    return reshape(elements, dims...)
end

function read_texts(file)
    texts = String[]
    while !eof(file)
        push!(texts, String(read(file, ltoh(read(file, UInt32)))))
    end
    return texts
end

function write_output(worker, name, array)
    dims = Int64[size(array)...]
    elements = vec(array)[columns(dims)]
    dtype = Stele.DTYPES[eltype(array)]
    bytes = eltype(array) === String ?
        mapreduce(text -> 4 + sizeof(text), +, elements; init = 0) :
        sizeof(elements)
    path = ccall(
        dlsym(KIT, :stele_worker_output),
        Ptr{UInt8},
        (Ptr{Cvoid}, Cstring, Int32, Int32, Ptr{Int64}, UInt64),
        worker,
        name,
        dtype,
        length(dims),
        dims,
        bytes,
    )
    # The kit knows why there is none.
    path == C_NULL && return
    open(file -> write_elements(file, elements), unsafe_string(path), "w")
    return
end

write_elements(file, elements) = write(file, elements)

function write_elements(file, texts::Vector{String})
    for text in texts
        write(file, htol(UInt32(sizeof(text))), text)
    end
end

serve(start())
