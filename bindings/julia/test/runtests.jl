using Stele, Test

const BUILD = ENV["STELE_BUILD"]
const CONTRACT = joinpath(@__DIR__, "..", "..", "contract")
const DIGITS = "$BUILD/models/digits/saved_model"
const DTYPES = "$BUILD/models/dtypes/saved_model"

# The rows of a table of the contract.
function table(name, header...)
    lines = filter(line -> !startswith(line, "#"), readlines(joinpath(CONTRACT, name)))
    rows = map(line -> split(line, "\t"), lines)
    @assert all(row -> length(row) == length(header), rows)
    @assert popfirst!(rows) == collect(header)
    return rows
end

blank(batch = 1) = zeros(Float32, batch, 8, 8, 1)

# The message of a refusal with this code.
function refused(f, code = :INVALID_ARGUMENT)
    try
        f()
    catch error
        error isa SteleError || rethrow()
        @test error.code == code
        return error.message
    end
    return "not refused"
end

@testset "Stele" begin
    include("contract.jl")
    include("model.jl")
    include("tensor.jl")
    include("lifetime.jl")
end
