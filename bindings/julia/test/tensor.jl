same(model, signature, x) = model(signature, "x" => x)["same"]

@testset "shapes" begin
    Stele.load(DTYPES) do model
        @test same(model, "fp32", 1.5f0)[] === 1.5f0
        @test same(model, "bytes", "ñ\0")[] == "ñ\0"
        @test size(same(model, "int64", fill(7))) == ()
        for dims in [(0,), (2, 0), (0, 3, 2), (1, 1), (2, 3, 4), (2, 1, 3, 2, 2, 2)]
            x = reshape(collect(Int32, 1:prod(dims)), dims)
            @test same(model, "int32", x) == x
            @test size(same(model, "bytes", string.(x))) == dims
        end
    end
end

@testset "memory is row-major" begin
    x = [1 2 3; 4 5 6]
    @test Stele.Input("x", x).dims == [2, 3]
    @test reinterpret(Int, Stele.Input("x", x).data) == 1:6
    @test reinterpret(UInt8, Stele.Input("x", x .% UInt8).data) == 1:6
    @test reinterpret(UInt128, Stele.Input("x", ComplexF64.(x)).data) |> length == 6
end

@testset "takes any array" begin
    Stele.load(DTYPES) do model
        @test same(model, "int64", 1:3) == [1, 2, 3]
        @test same(model, "int64", [1 2; 3 4]') == [1 3; 2 4]
        @test same(model, "int64", view([1 2 3; 4 5 6], :, 2:3)) == [2 3; 5 6]
        @test same(model, "bool", [1, 2, 3] .> 1) == [false, true, true]
        @test same(model, "bytes", split("a b")) == ["a", "b"]
        @test model("int8", Dict("x" => Int8[1]))["same"] == [1]
        bytes = [[0x00, 0xff], UInt8[]]
        @test same(model, "bytes", bytes) == ["\0\xff", ""]
        @test bytes == [[0x00, 0xff], UInt8[]]
    end
end

@testset "BFloat16" begin
    every = reinterpret.(Stele.BFloat16, collect(0x0000:0xffff))
    quiet = filter(x -> !isnan(Float32(x)), every)
    @test all(x -> Stele.BFloat16(Float32(x)) === x, quiet)
    @test Stele.BFloat16(1 + 2.0f0^-8) === Stele.BFloat16(1)
    @test Float32(Stele.BFloat16(1 + 3 * 2.0f0^-8)) == 1 + 2.0f0^-6
    @test isnan(Float32(Stele.BFloat16(NaN32)))
    @test Stele.BFloat16(1) + 1.0f0 === 2.0f0
    @test string(Stele.BFloat16(0.5)) == "BFloat16(0.5)"
end
