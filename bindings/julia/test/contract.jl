# The bits of a NaN as values.tsv writes them, in the type that has as many.
const BITS = Dict(
    Float16 => UInt16,
    Stele.BFloat16 => UInt16,
    Float32 => UInt32,
    Float64 => UInt64,
)

# A literal as a person writes it in Julia.
literal(::Type{T}, text) where {T <: Integer} = parse(T, text)
literal(::Type{Bool}, text) = text == "true"
literal(::Type{String}, text) = String(hex2bytes(text[5:end]))

function literal(::Type{T}, text) where {T <: AbstractFloat}
    startswith(text, "nan:") &&
        return reinterpret(T, parse(BITS[T], text[5:end]; base = 16))
    return T(parse(Float64, text))
end

literal(::Type{Complex{T}}, text) where {T} = Complex(literal.(T, split(text, ";"))...)

# The elements as they lie in memory.
memory(array) = sprint(write, array)
memory(texts::Array{String}) = join(
    sprint(write, UInt32(sizeof(text)), text)
    for text in texts
)

@testset "codes" begin
    rows = table("codes.tsv", "number", "name")
    @test [Symbol(name) for (number, name) in rows[2:end]] == Stele.CODES
    @test [parse(Int, number) for (number, name) in rows] == 0:16
end

@testset "dtypes" begin
    rows = table("dtypes.tsv", "name", "number", "size", "kind")
    @test Set(parse(Int, row[2]) for row in rows) == Set(keys(Stele.TYPES))
    for (name, number, size, kind) in rows
        type = Stele.TYPES[parse(Int, number)]
        @test kind == "bytes" || sizeof(type) == parse(Int, size)
        @test Stele.DTYPES[type] == parse(Int, number)
    end
end

@testset "profiles" begin
    answers = map(table("profiles.tsv", "name", "config", "meaning")) do (name, config, _)
        map([(profile = name,), (config = hex2bytes(config),)]) do options
            Stele.load(model -> model("image" => blank()), DIGITS; options...)
        end
    end
    @test length(answers) == 4
    @test length(unique(reduce(vcat, answers))) == 1
end

# Through the constructor, a call and the accessor.
@testset "values" begin
    rows = table("values.tsv", "dtype", "shape", "literals", "bytes")
    @test length(rows) == length(Stele.TYPES)
    Stele.load(DTYPES) do model
        for (dtype, shape, literals, bytes) in rows
            @test shape == "2,3"
            input = only(model.signatures[lowercase(dtype)].inputs)
            @test input.dtype == dtype
            number = only(
                row[2]
                for row in table("dtypes.tsv", "name", "number", "size", "kind")
                if row[1] == dtype
            )
            type = Stele.TYPES[parse(Int, number)]
            elements = type[literal(type, text) for text in split(literals, ",")]
            @test bytes2hex(codeunits(memory(elements))) == bytes
            # The table is row-major: x[1, :] is its first row.
            x = permutedims(reshape(elements, 3, 2))
            same = model(lowercase(dtype), "x" => x)["same"]
            @test typeof(same) == Matrix{type}
            @test memory(same) == memory(x)
        end
    end
end
