const CLOSED = "the model is closed"

@testset "refuses calls when it is closed" begin
    model = Stele.load(DIGITS)
    answer = model("image" => blank())["probabilities"]
    @test isopen(model)
    close(model)
    close(model)
    @test !isopen(model)
    @test refused(() -> model("image" => blank()), :FAILED_PRECONDITION) == CLOSED
    @test sum(answer) ≈ 1
    @test length(model.signatures) == 2
end

@testset "a block closes whatever happens" begin
    kept = nothing
    @test_throws DivideError Stele.load(model -> (kept = model; div(1, 0)), DIGITS)
    @test !isopen(kept)
end

@testset "may be closed while threads run it" begin
    for _ in 1:5
        model = Stele.load(DIGITS)
        started = Threads.Atomic{Int}(0)
        tasks = map(1:4) do _
            Threads.@spawn refused(:FAILED_PRECONDITION) do
                while true
                    model("image" => blank(32))
                    Threads.atomic_add!(started, 1)
                    GC.safepoint()
                end
            end
        end
        while started[] < 4
            yield()
        end
        close(model)
        @test all(task -> fetch(task) == CLOSED, tasks)
    end
end

@testset "threads have the same bits" begin
    @test Threads.nthreads() == min(8, Sys.CPU_THREADS)
    Stele.load(DIGITS) do model
        x = Float32[index % 17 for index in 1:10, _ in 1:8, _ in 1:8, _ in 1:1]
        expected = model("image" => x)
        wrong = Threads.Atomic{Int}(0)
        Threads.@threads for _ in 1:8
            for _ in 1:1000
                isequal(model("image" => x), expected) || Threads.atomic_add!(wrong, 1)
            end
        end
        @test wrong[] == 0
    end
end

@testset "is collected" begin
    users(model) = (model("image" => blank()); model.users)
    collected = [users(Stele.load(DIGITS)) for _ in 1:5]
    GC.gc()
    @test all(count -> count[] == 0, collected[1:4]) # the stack may hold the last
end

@testset "strings are kept alive under a call" begin
    Stele.load(DTYPES) do model
        for round in 1:20
            texts = ["$round/$row/$column" for row in 1:2, column in 1:3]
            collector = Threads.@spawn GC.gc()
            @test model("bytes", "x" => texts)["same"] == texts
            wait(collector)
        end
    end
end

# Bytes of memory that the process has.
resident() = 4096 * parse(Int, split(read("/proc/self/statm", String))[2])

@testset "memory does not grow" begin
    Stele.load(DIGITS) do model
        calls(count) = foreach(_ -> model("image" => blank(100)), 1:count)
        # TensorFlow's and Julia's allocators take what they keep in some large steps first.
        calls(3000)
        GC.gc()
        before = resident()
        calls(5000)
        GC.gc()
        # The outputs of the calls are 20 MB, their inputs 128 MB.
        @test resident() - before < 10_000_000
    end
end

@testset "exceptions within TensorFlow are caught, or a warning says that they are not" begin
    @test Stele.catches_exceptions()
    julia = `$(Base.julia_cmd()) --startup-file=no --project=$(Base.active_project())`
    program = "using Stele; print(Stele.catches_exceptions()); Stele.tensorflow_version()"
    warned = IOBuffer()
    command = setenv(`$julia -e $program`, filter(pair -> pair[1] != "LD_PRELOAD", ENV))
    @test read(pipeline(command; stderr = warned), String) == "false"
    @test occursin("LD_PRELOAD=libgcc_s.so.1", String(take!(warned)))
end
