using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Stele;

/// <summary>Loading, running, refusing; disposing, finalizing and threads.</summary>
internal sealed class ModelTests
{
    public void SaysWhatItTakesAndGives()
    {
        using (Model model = Model.Load(Check.Digits))
        {
            Check.Same(new[] { "serve", "serving_default" }, model.Signatures.Keys);
            TensorInfo input = model.Signatures["serving_default"].Inputs[0];
            Check.Same("image FP32 [?,8,8,1] FP32 False", input + " " + input.DType + " " + input.Optional);
            Check.Same(new long[] { -1, 8, 8, 1 }, input.Shape);
        }
        Check.Has("2.", Model.TensorFlowVersion());
    }

    public void RefusesWhatItCannotLoad()
    {
        string message = Check.Refused(Code.NotFound, () => Model.Load("no/such"));
        Check.Same("no SavedModel at \"no/such\": no such folder", message);
        Check.Has("other", Check.Refused(Code.NotFound, () => Model.Load(Check.Digits, new[] { "other" })));
        Check.Has("inline", Check.Refused(() => Model.Load(Check.Digits, profile: "fast")));
        Check.Refused(() => Model.Load(Check.Digits, config: new byte[] { 0xff }));
        Check.Refused(() => Model.Load(Check.Digits, config: new byte[0], profile: "inline"));
    }

    public void RefusesANul()
    {
        string nul = "image\0y";
        using (Model model = Model.Load(Check.Digits))
        {
            var blank = Check.Image()["image"];
            Action[] calls =
            {
                () => model.Run(new Dictionary<string, Tensor> { [nul] = blank }),
                () => model.Run(Check.Image(), nul),
                () => Model.Load(nul),
                () => Model.Load(Check.Digits, new[] { nul }),
                () => Model.Load(Check.Digits, profile: nul),
                () => Model.Load(Check.Digits, libtensorflow: nul),
            };
            foreach (Action call in calls)
                Check.Same("a name or path holds a NUL: \"image\\0y\"", Check.Refused(call));
            Check.Has("lone surrogate", Check.Refused(() => model.Run(Check.Image(), "\ud800")));
        }
    }

    public void RefusesInputsThatDoNotFit()
    {
        using (Model model = Model.Load(Check.Digits))
        {
            Check.Has("missing", Check.Refused(() => model.Run(new Dictionary<string, Tensor>())));
            var flat = Check.Image(Tensor.Of(new float[64], 64));
            Check.Has("has shape [64], expected [?,8,8,1]", Check.Refused(() => model.Run(flat)));
            var wide = Check.Image(Tensor.Of(new double[64], 1, 8, 8, 1));
            Check.Has("has dtype FP64, expected FP32", Check.Refused(() => model.Run(wide)));
            Check.Has("twice", Check.Refused(() => model.Run(Check.Image().Concat(Check.Image()))));
            Check.Has("serving_default", Check.Refused(Code.NotFound, () => model.Run(Check.Image(), "none")));
            var none = new Dictionary<string, Tensor> { ["image"] = null };
            Check.Has("\"image\" is null", Check.Refused(() => model.Run(none)));
        }
    }

    public void RefusesCallsWhenItIsDisposedOf()
    {
        Model model = Model.Load(Check.Digits);
        var outputs = model.Run(Check.Image());
        model.Dispose();
        model.Dispose();
        string message = Check.Refused(Code.FailedPrecondition, () => model.Run(Check.Image()));
        Check.Same("the model is closed", message);
        Check.Same(new[] { 10, 2 }, new[] { outputs["probabilities"].ToArray<float>().Length, model.Signatures.Count });
    }

    public void MayBeDisposedOfUnderRunningCalls()
    {
        for (int round = 0; round < 5; round++)
        {
            Model model = Model.Load(Check.Digits);
            using (var started = new CountdownEvent(4))
            {
                // Threads of their own: the pool has as many as there are cores.
                var calls = new Task<string>[4];
                for (int i = 0; i < calls.Length; i++)
                    calls[i] = Task.Factory.StartNew(
                        () => UntilClosed(model, started),
                        TaskCreationOptions.LongRunning
                    );
                started.Wait();
                model.Dispose();
                Check.Same(new[] { "the model is closed" }, calls.Select(call => call.Result).Distinct());
            }
        }
    }

    private static string UntilClosed(Model model, CountdownEvent started)
    {
        var images = Check.Image(Tensor.Of(new float[64 * 32], 32, 8, 8, 1));
        started.Signal();
        return Check.Refused(Code.FailedPrecondition, () =>
        {
            while (true)
                model.Run(images);
        });
    }

    public void ThreadsHaveTheSameBits()
    {
        float[] pixels = Enumerable.Range(0, 640).Select(i => (float)(i % 17)).ToArray();
        using (Model model = Model.Load(Check.Digits))
        {
            var answers = new HashSet<string>();
            Parallel.For(0, 100, _ =>
            {
                var outputs = model.Run(Check.Image(Tensor.Of(pixels, 10, 8, 8, 1)));
                float[] values = outputs["probabilities"].ToArray<float>();
                lock (answers)
                    answers.Add(Check.Hex(values.SelectMany(BitConverter.GetBytes).ToArray()));
            });
            Check.Same(new[] { 1 }, new[] { answers.Count });
        }
    }

    /// <summary>Nobody disposes of these, and the collector runs all the while.</summary>
    public void IsFinalizedUnderLoad()
    {
        bool done = false;
        var collector = Task.Factory.StartNew(() =>
        {
            while (!Volatile.Read(ref done))
                GC.Collect();
        });
        for (int round = 0; round < 10; round++)
            Check.Same(
                new[] { 10 },
                new[] { Model.Load(Check.Digits).Run(Check.Image())["probabilities"].ToArray<float>().Length }
            );
        using (Model model = Model.Load(Check.Build + "/models/dtypes/saved_model"))
            for (int round = 0; round < 100; round++)
            {
                string[] texts = Enumerable.Range(0, 6).Select(i => round + "/" + i).ToArray();
                var inputs = new Dictionary<string, Tensor> { ["x"] = Tensor.Of(texts, 2, 3) };
                var same = model.Run(inputs, "bytes")["same"].ToArray<byte[]>();
                Check.Same(texts, same.Select(System.Text.Encoding.UTF8.GetString));
            }
        Volatile.Write(ref done, true);
        collector.Wait();
        GC.WaitForPendingFinalizers();
    }
}
