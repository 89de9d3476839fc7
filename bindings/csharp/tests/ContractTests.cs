using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Numerics;
using Stele;

/// <summary>Holds the assembly against the tables of the contract.</summary>
internal sealed class ContractTests
{
    private static readonly Dictionary<string, Tuple<int, int>> Dtypes = Check
        .Table("dtypes.tsv", "name", "number", "size", "kind")
        .ToDictionary(row => row[0], row => Tuple.Create(int.Parse(row[1]), int.Parse(row[2])));

    public void Codes()
    {
        var rows = Check.Table("codes.tsv", "number", "name").Skip(1).Select(row => row[0] + " " + row[1]);
        var codes = Enum.GetValues(typeof(Code)).Cast<Code>();
        Check.Same(rows, codes.Select(code => (int)code + " " + code.Name()));
    }

    public void DTypesAreThese()
    {
        var all = Enum.GetValues(typeof(DType)).Cast<DType>().ToList();
        Check.Same(Dtypes.Keys.OrderBy(name => name), all.Select(dtype => dtype.ToString()).OrderBy(name => name));
        foreach (DType dtype in all)
        {
            var row = Dtypes[dtype.ToString()];
            Check.Same(new[] { row.Item1, row.Item2 == 0 ? 16 : row.Item2 }, new[] { (int)dtype, dtype.Size() });
        }
    }

    public void Profiles()
    {
        var answers = new HashSet<string>();
        foreach (string[] row in Check.Table("profiles.tsv", "name", "config", "meaning"))
        {
            using (Model named = Model.Load(Check.Digits, profile: row[0]))
            using (Model given = Model.Load(Check.Digits, config: Check.Bytes(row[1])))
                foreach (Model model in new[] { named, given })
                    answers.Add(string.Join(",", model.Run(Check.Image())["probabilities"].ToArray<float>()));
        }
        Check.Same(new[] { 1 }, new[] { answers.Count });
    }

    /// <summary>How a literal of a dtype becomes an element, and that its bytes.</summary>
    private static readonly Dictionary<string, Action<Model, long[], string[], string>> Through = new Dictionary<
        string,
        Action<Model, long[], string[], string>
    >
    {
        ["BOOL"] = Row(bool.Parse, v => new[] { (byte)(v ? 1 : 0) }),
        ["INT8"] = Row(sbyte.Parse, v => new[] { (byte)v }),
        ["INT16"] = Row(short.Parse, BitConverter.GetBytes),
        ["INT32"] = Row(int.Parse, BitConverter.GetBytes),
        ["INT64"] = Row(long.Parse, BitConverter.GetBytes),
        ["UINT8"] = Row(byte.Parse, v => new[] { v }),
        ["UINT16"] = Row(ushort.Parse, BitConverter.GetBytes),
        ["UINT32"] = Row(uint.Parse, BitConverter.GetBytes),
        ["UINT64"] = Row(ulong.Parse, BitConverter.GetBytes),
        ["FP16"] = Row(
            text => new Float16(Bits(text, bits => new Float16(bits).ToSingle())),
            v => BitConverter.GetBytes(v.Bits)
        ),
        ["BF16"] = Row(
            text => new BFloat16(Bits(text, bits => new BFloat16(bits).ToSingle())),
            v => BitConverter.GetBytes(v.Bits)
        ),
        ["FP32"] = Row(Single, BitConverter.GetBytes),
        ["FP64"] = Row(Double, BitConverter.GetBytes),
        ["C64"] = Row(
            text => new Complex64(Single(text.Split(';')[0]), Single(text.Split(';')[1])),
            v => BitConverter.GetBytes(v.Real).Concat(BitConverter.GetBytes(v.Imaginary)).ToArray()
        ),
        ["C128"] = Row(
            text => new Complex(Double(text.Split(';')[0]), Double(text.Split(';')[1])),
            v => BitConverter.GetBytes(v.Real).Concat(BitConverter.GetBytes(v.Imaginary)).ToArray()
        ),
        ["BYTES"] = Strings,
    };

    /// <summary>Through the constructor, a call and the accessor.</summary>
    public void Values()
    {
        var rows = Check.Table("values.tsv", "dtype", "shape", "literals", "bytes");
        Check.Same(Dtypes.Keys.OrderBy(name => name), rows.Select(row => row[0]).OrderBy(name => name));
        using (Model model = Model.Load(Check.Build + "/models/dtypes/saved_model"))
            foreach (string[] row in rows)
                Through[row[0]](model, row[1].Split(',').Select(long.Parse).ToArray(), row[2].Split(','), row[3]);
    }

    private static Action<Model, long[], string[], string> Row<T>(Func<string, T> parse, Func<T, byte[]> stored)
        where T : struct
    {
        return (model, shape, literals, bytes) =>
        {
            T[] values = literals.Select(parse).ToArray();
            Tensor given = Tensor.Of(values, shape);
            Same(model, given, out T[] got);
            foreach (T[] each in new[] { values, given.ToArray<T>(), got })
                Check.Same(bytes, Check.Hex(each.SelectMany(stored).ToArray()));
        };
    }

    private static void Strings(Model model, long[] shape, string[] literals, string bytes)
    {
        var strings = literals.Select(text => Check.Bytes(text.Substring(4))).ToArray();
        Same(model, Tensor.Of(strings, shape), out byte[][] got);
        Check.Same(strings.Select(Check.Hex), got.Select(Check.Hex));
    }

    private static void Same<T>(Model model, Tensor given, out T[] got)
    {
        var inputs = new Dictionary<string, Tensor> { ["x"] = given };
        Tensor same = model.Run(inputs, given.DType.ToString().ToLowerInvariant())["same"];
        Check.Same(given.ToString(), same.ToString());
        got = same.ToArray<T>();
    }

    /// <summary>A value's bits, found by reading all.</summary>
    private static ushort Bits(string text, Func<ushort, float> value)
    {
        if (text.StartsWith("nan:"))
            return Convert.ToUInt16(text.Substring(4), 16);
        int wanted = BitConverter.ToInt32(BitConverter.GetBytes(Single(text)), 0);
        return (ushort)
            Enumerable
                .Range(0, 65536)
                .First(bits => BitConverter.ToInt32(BitConverter.GetBytes(value((ushort)bits)), 0) == wanted);
    }

    private static float Single(string text)
    {
        if (text.StartsWith("nan:"))
            return BitConverter.ToSingle(BitConverter.GetBytes(Convert.ToInt32(text.Substring(4), 16)), 0);
        // The literals are floats, exactly.
        return (float)Double(text);
    }

    private static double Double(string text)
    {
        if (text.StartsWith("nan:"))
            return BitConverter.Int64BitsToDouble(Convert.ToInt64(text.Substring(4), 16));
        if (text.EndsWith("inf"))
            return text[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity;
        // A runtime may parse "-0.0" as 0.
        double value = double.Parse(text.TrimStart('-'), CultureInfo.InvariantCulture);
        return text[0] == '-' ? -value : value;
    }
}
