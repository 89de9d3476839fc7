@testset "says what it takes and gives" begin
    Stele.load(DIGITS) do model
        @test Set(keys(model.signatures)) == Set(["serve", "serving_default"])
        input = only(model.signatures["serving_default"].inputs)
        @test (input.name, input.dtype, input.optional) == ("image", "FP32", false)
        @test input.shape == [nothing, 8, 8, 1]
        @test first(split(string(model), "\n")) ==
            "serve: image FP32 [?,8,8,1] to probabilities FP32 [?,10]"
    end
    @test startswith(Stele.tensorflow_version(), "2.")
end

@testset "refuses what it cannot load" begin
    @test refused(() -> Stele.load("no/such"), :NOT_FOUND) ==
        "no SavedModel at \"no/such\": no such folder"
    @test occursin("other", refused(() -> Stele.load(DIGITS; tags = ["other"]), :NOT_FOUND))
    @test occursin("inline", refused(() -> Stele.load(DIGITS; profile = "fast")))
    @test refused(() -> Stele.load(DIGITS; config = [0xff])) != "not refused"
    @test refused(() -> Stele.load(DIGITS; config = UInt8[], profile = "inline")) !=
        "not refused"
end

@testset "refuses a NUL" begin
    expected = "a name or path holds a NUL: \"image\\0y\""
    Stele.load(DIGITS) do model
        @test refused(() -> model("image\0y" => blank())) == expected
        @test refused(() -> model("image\0y", "image" => blank())) == expected
    end
    for options in [
            (tags = ["image\0y"],),
            (profile = "image\0y",),
            (libtensorflow = "image\0y",),
        ]
        @test refused(() -> Stele.load(DIGITS; options...)) == expected
    end
    @test refused(() -> Stele.load("image\0y")) == expected
end

@testset "refuses inputs that do not fit" begin
    Stele.load(DIGITS) do model
        @test occursin("missing", refused(() -> model()))
        @test occursin(
            "has shape [64], expected [?,8,8,1]",
            refused(() -> model("image" => zeros(Float32, 64))),
        )
        @test occursin(
            "has dtype FP64, expected FP32",
            refused(() -> model("image" => zeros(1, 8, 8, 1))),
        )
        @test occursin(
            "twice",
            refused(() -> model("image" => blank(), "image" => blank())),
        )
        @test refused(() -> model("image" => nothing)) ==
            "input \"image\" is a Nothing, not an array"
        @test occursin("of Any", refused(() -> model("image" => Any[1])))
        @test occursin("of Int128", refused(() -> model("image" => Int128[1])))
        @test occursin("not UTF-8", refused(() -> model("\xff" => blank())))
        @test occursin(
            "serving_default",
            refused(() -> model("none", "image" => blank()), :NOT_FOUND),
        )
        @test occursin(
            "shape",
            refused(() -> model("image" => zeros(Float32, ntuple(_ -> 1, 12)))),
        )
    end
end
