using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using Stele;

/// <summary>Runs every public method of the test classes, and says what they expect.</summary>
internal static class Check
{
    internal static readonly string Build = Environment.GetEnvironmentVariable("STELE_BUILD");
    internal static readonly string Digits = Build + "/models/digits/saved_model";

    private static int Main()
    {
        Type[] suites = { typeof(ContractTests), typeof(ModelTests), typeof(TensorTests) };
        var own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly;
        int run = 0;
        int failed = 0;
        foreach (MethodInfo test in suites.SelectMany(suite => suite.GetMethods(own)))
        {
            run++;
            try
            {
                test.Invoke(Activator.CreateInstance(test.DeclaringType), null);
            }
            catch (TargetInvocationException error)
            {
                failed++;
                Console.WriteLine(test.DeclaringType.Name + "." + test.Name + ": " + error.InnerException);
            }
        }
        Console.WriteLine(run + " tests on " + Environment.Version + ", " + failed + " failed");
        return run > 0 && failed == 0 ? 0 : 1;
    }

    internal static void Same(string expected, string got) => Same(new[] { expected }, new[] { got });

    /// <summary>Equal element by element.</summary>
    internal static void Same<T>(IEnumerable<T> expected, IEnumerable<T> got)
    {
        if (!expected.SequenceEqual(got))
            throw new Exception("expected " + string.Join(",", expected) + ", got " + string.Join(",", got));
    }

    internal static void Has(string part, string text)
    {
        if (!text.Contains(part))
            throw new Exception("expected " + part + " in " + text);
    }

    /// <summary>The message of a refusal with this code.</summary>
    internal static string Refused(Code code, Action call)
    {
        try
        {
            call();
        }
        catch (SteleException error)
        {
            Same(code.Name(), error.Code.Name());
            return error.Message;
        }
        throw new Exception("not refused");
    }

    internal static string Refused(Action call) => Refused(Code.InvalidArgument, call);

    /// <summary>The rows of a table of the contract.</summary>
    internal static List<string[]> Table(string name, params string[] header)
    {
        string[] lines = File.ReadAllLines("../contract/" + name);
        Same(header, lines[0].Split('\t'));
        var rows = lines.Skip(1).Where(line => !line.StartsWith("#")).Select(line => line.Split('\t')).ToList();
        rows.ForEach(row => Same(new[] { header.Length }, new[] { row.Length }));
        return rows;
    }

    internal static Dictionary<string, Tensor> Image(Tensor tensor = null) =>
        new Dictionary<string, Tensor> { ["image"] = tensor ?? Tensor.Of(new float[64], 1, 8, 8, 1) };

    internal static string Hex(byte[] bytes) => BitConverter.ToString(bytes).Replace("-", "").ToLowerInvariant();

    internal static byte[] Bytes(string hex) =>
        Enumerable.Range(0, hex.Length / 2).Select(i => Convert.ToByte(hex.Substring(2 * i, 2), 16)).ToArray();
}
