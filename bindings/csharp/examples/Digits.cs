// Which digit is this? Load, introspect, run, print.
//   mcs -r:Stele.dll examples/Digits.cs && mono Digits.exe path/to/saved_model
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Stele;

internal static class Digits
{
    // csharpier-ignore
    private static readonly float[] Image =
    {
        0, 0, 5, 13, 12, 3, 0, 0,
        0, 2, 15, 11, 12, 14, 1, 0,
        0, 5, 14, 1, 1, 14, 6, 0,
        0, 7, 12, 0, 0, 10, 8, 0,
        0, 7, 11, 0, 0, 10, 8, 0,
        0, 5, 13, 0, 1, 13, 6, 0,
        0, 1, 14, 10, 12, 14, 1, 0,
        0, 0, 5, 14, 12, 3, 0, 0,
    };

    private static void Main(string[] arguments)
    {
        using (Model model = Model.Load(arguments[0]))
        {
            Signature signature = model.Signatures["serving_default"];
            Console.WriteLine("signature " + signature.Name);
            Console.WriteLine("input " + signature.Inputs[0]);
            Console.WriteLine("output " + signature.Outputs[0]);

            var inputs = new Dictionary<string, Tensor> { ["image"] = Tensor.Of(Image, 1, 8, 8, 1) };
            float[] probabilities = model.Run(inputs)["probabilities"].ToArray<float>();
            Console.WriteLine("digit " + Array.IndexOf(probabilities, probabilities.Max()));
            var texts = probabilities.Select(value => value.ToString("F6", CultureInfo.InvariantCulture));
            Console.WriteLine("probabilities " + string.Join(" ", texts));

            // Without the batch: refused before TensorFlow sees it.
            try
            {
                inputs["image"] = Tensor.Of(Image, 8, 8, 1);
                model.Run(inputs);
            }
            catch (SteleException error)
            {
                Console.WriteLine("refused " + error.Line);
            }
        }
    }
}
