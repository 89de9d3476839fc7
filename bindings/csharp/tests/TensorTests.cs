using System;
using System.Linq;
using Stele;

/// <summary>Elements, shapes, and what does not fit.</summary>
internal sealed class TensorTests
{
    public void OwnsItsElements()
    {
        int[] values = { 1, 2, 3, 4, 5, 6 };
        long[] shape = { 2, 3 };
        Tensor tensor = Tensor.Of(values, shape);
        values[0] = 9;
        shape[0] = 9;
        tensor.ToArray<int>()[1] = 9;
        Check.Same("INT32 [2,3]", tensor.ToString());
        Check.Same(new[] { 1, 2, 3, 4, 5, 6 }, tensor.ToArray<int>());
        byte[][] strings = { new byte[] { 1 } };
        Tensor bytes = Tensor.Of(strings, 1);
        strings[0][0] = 9;
        bytes.ToArray<byte[]>()[0][0] = 9;
        Check.Same(new byte[] { 1 }, bytes.ToArray<byte[]>()[0]);
    }

    public void ScalarsAndNoElements()
    {
        Check.Same(new[] { true }, Tensor.Of(new[] { true }).ToArray<bool>());
        Check.Same("FP64 [0,2]", Tensor.Of(new double[0], 0, 2).ToString());
        Check.Same(new byte[0][], Tensor.Of(new string[0], 0).ToArray<byte[]>());
        Check.Same(new byte[] { 0xc3, 0xb1 }, Tensor.Of(new[] { "ñ" }).ToArray<byte[]>()[0]);
    }

    public void RefusesWhatDoesNotAddUp()
    {
        Check.Same("shape [2,2] has 4 elements, 3 given", Check.Refused(() => Tensor.Of(new[] { 1, 2, 3 }, 2, 2)));
        Check.Refused(() => Tensor.Of(new[] { 1 }, -1));
        Check.Refused(() => Tensor.Of(new[] { 1 }, 1L << 62, 4));
        Check.Has("Decimal", Check.Refused(() => Tensor.Of(new decimal[1], 1)));
        Check.Has("Char", Check.Refused(() => Tensor.Of("a".ToArray(), 1)));
        string message = Check.Refused(() => Tensor.Of(new[] { 1 }).ToArray<uint>());
        Check.Same("tensor has dtype INT32, read as UINT32", message);
        Check.Has("a string is null", Check.Refused(() => Tensor.Of(new byte[][] { null }, 1)));
        Check.Has("a string is null", Check.Refused(() => Tensor.Of(new string[] { null }, 1)));
    }
}
