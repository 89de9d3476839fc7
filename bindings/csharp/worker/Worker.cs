using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Stele;

/// <summary>The library behind the worker protocol: the kit of bindings/c/kit does the protocol, and this makes
/// and reads tensors with the constructor and the accessor that users call.</summary>
internal sealed class Worker
{
    private readonly IntPtr worker;
    private Model model;

    private Worker(string binding)
    {
        worker = Kit.stele_worker_new(Text.Encode(binding), Text.Encode("C# on " + Environment.Version), null);
    }

    /// <summary>The worker of the binding in the first argument.</summary>
    private static void Main(string[] arguments) => new Worker(arguments[0]).Serve();

    private void Serve()
    {
        IntPtr request;
        while ((request = Kit.stele_worker_next(worker)) != IntPtr.Zero)
            Answer(Native.Read<Kit.Request>(request));
        Replace(null);
        Kit.stele_worker_free(worker);
    }

    private void Answer(Kit.Request request)
    {
        try
        {
            switch (request.Verb)
            {
                case Kit.Load:
                    Load(request);
                    break;
                case Kit.Run:
                    Run(request);
                    break;
                case Kit.Unload:
                    Replace(null);
                    break;
                default:
                    Kit.stele_worker_unsupported(worker, Text.Encode("verb " + request.Verb + " of the kit"));
                    return;
            }
            Kit.stele_worker_ok(worker);
        }
        catch (SteleException error)
        {
            Kit.stele_worker_error(worker, (int)error.Code, Text.Encode(error.Message));
        }
        catch (Exception error)
        {
            Kit.stele_worker_error(worker, (int)Code.Internal, Text.Encode(error.Message));
        }
    }

    private void Load(Kit.Request request)
    {
        string tags = Text.Decode(request.Tags);
        Model loaded = Model.Load(
            Text.Decode(request.Dir),
            tags == "" ? new string[0] : tags.Split(','),
            request.Profile == IntPtr.Zero ? null : Text.Decode(request.Profile),
            request.Config == IntPtr.Zero ? null : Native.Copy(request.Config, request.ConfigSize)
        );
        foreach (Signature signature in loaded.Signatures.Values)
        {
            foreach (TensorInfo info in signature.Inputs)
                Describe(signature, 0, info);
            foreach (TensorInfo info in signature.Outputs)
                Describe(signature, 1, info);
        }
        Replace(loaded);
    }

    private void Replace(Model next)
    {
        model?.Dispose();
        model = next;
    }

    private void Describe(Signature signature, int isOutput, TensorInfo info)
    {
        byte[] dtype = Text.Encode(info.DTypeName);
        byte[][] names = { Text.Encode(signature.Name), Text.Encode(info.Name) };
        int rank = info.Shape == null ? -1 : info.Shape.Count;
        Kit.stele_worker_describe(worker, names[0], isOutput, names[1], dtype, rank, info.Shape?.ToArray());
    }

    private void Run(Kit.Request request)
    {
        string signature = Text.Decode(request.Signature);
        var inputs = new List<KeyValuePair<string, Tensor>>();
        for (int i = 0; i < (int)request.InputCount; i++)
        {
            var input = Native.Read<Kit.Input>(request.Inputs, i);
            inputs.Add(new KeyValuePair<string, Tensor>(Text.Decode(input.Name), Read(input)));
        }
        IReadOnlyDictionary<string, Tensor> outputs = new Dictionary<string, Tensor>();
        while (Kit.stele_worker_again(worker) == 1)
            outputs = model.Run(inputs, signature);
        foreach (var output in outputs)
            Write(output.Key, output.Value);
    }

    private static Tensor Read(Kit.Input input)
    {
        byte[] bytes = File.ReadAllBytes(Text.Decode(input.Path));
        long[] shape = Native.Longs(input.Dims, input.Rank);
        var dtype = (DType)input.DType;
        return dtype == DType.BYTES ? Tensor.Of(Strings(bytes), shape) : Elements.Of(dtype).Make(bytes, shape);
    }

    /// <summary>Each behind its length; the kit has checked these.</summary>
    private static byte[][] Strings(byte[] bytes)
    {
        var strings = new List<byte[]>();
        int size;
        for (int at = 0; at < bytes.Length; at += 4 + size)
        {
            size = BitConverter.ToInt32(bytes, at);
            strings.Add(bytes.Skip(at + 4).Take(size).ToArray());
        }
        return strings.ToArray();
    }

    private void Write(string name, Tensor tensor)
    {
        byte[] bytes = Stored(tensor);
        long[] dims = tensor.Shape.ToArray();
        IntPtr path = Kit.stele_worker_output(
            worker,
            Text.Encode(name),
            (int)tensor.DType,
            dims.Length,
            dims,
            (ulong)bytes.Length
        );
        // The kit knows why there is none.
        if (path != IntPtr.Zero)
            File.WriteAllBytes(Text.Decode(path), bytes);
    }

    private static byte[] Stored(Tensor tensor)
    {
        if (tensor.DType != DType.BYTES)
            return Elements.Of(tensor.DType).Stored(tensor);
        var stream = new MemoryStream();
        foreach (byte[] value in tensor.ToArray<byte[]>())
        {
            stream.Write(BitConverter.GetBytes(value.Length), 0, 4);
            stream.Write(value, 0, value.Length);
        }
        return stream.ToArray();
    }
}
