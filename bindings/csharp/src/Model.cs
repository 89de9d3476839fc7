using System;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Linq;
using Microsoft.Win32.SafeHandles;

namespace Stele
{
    /// <summary>A model of C's. The runtime counts the calls that use it and releases it after the last.</summary>
    internal sealed class ModelHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        internal ModelHandle(IntPtr model)
            : base(true)
        {
            SetHandle(model);
        }

        protected override bool ReleaseHandle()
        {
            Native.stele_free(handle);
            return true;
        }
    }

    /// <summary>A SavedModel in memory. Any number of threads may run it at once.</summary>
    public sealed class Model : IDisposable
    {
        private readonly ModelHandle handle;

        // A handle refuses when its last call has ended, and overlapping calls may never end.
        private volatile bool disposed;

        /// <summary>By name.</summary>
        public IReadOnlyDictionary<string, Signature> Signatures { get; }

        private Model(ModelHandle handle)
        {
            this.handle = handle;
            var signatures = new SortedDictionary<string, Signature>(StringComparer.Ordinal);
            for (ulong i = 0; i < Native.stele_signature_count(handle); i++)
            {
                var signature = new Signature(Native.Read<Native.Signature>(Native.stele_signature_at(handle, i)));
                signatures.Add(signature.Name, signature);
            }
            Signatures = new ReadOnlyDictionary<string, Signature>(signatures);
        }

        /// <summary>Loads a SavedModel folder.</summary>
        /// <param name="dir">The folder.</param>
        /// <param name="tags">Exactly those of the graph wanted; "serve" unless given.</param>
        /// <param name="profile">Of the session: "default", "inline", "single" or "python".</param>
        /// <param name="config">Or a serialized ConfigProto.</param>
        /// <param name="libtensorflow">Its file or folder, which is searched for unless given.</param>
        /// <exception cref="SteleException">NotFound: the folder, its variables, such a graph or TensorFlow is
        /// missing; DataLoss: a damaged model; InvalidArgument: a profile or config that is none.</exception>
        public static Model Load(
            string dir,
            IEnumerable<string> tags = null,
            string profile = null,
            byte[] config = null,
            string libtensorflow = null
        )
        {
            Native.RequireAbi();
            using (var pins = new Pins())
            {
                byte[] error = Native.Error;
                var options = new Native.Options
                {
                    StructSize = 48,
                    Tags = pins.Add(Text.Encode(string.Join(",", tags ?? new[] { "serve" }))),
                    Profile = pins.Add(Text.Encode(profile)),
                    // An empty ConfigProto has no bytes, and is one all the same.
                    Config = pins.Add(config == null ? null : config.Concat(new byte[1]).ToArray()),
                    ConfigSize = config == null ? 0 : (ulong)config.Length,
                    LibTensorFlow = pins.Add(Text.Encode(libtensorflow)),
                };
                IntPtr model = Native.stele_load(Text.Encode(dir), ref options, error);
                Native.Check(error);
                return new Model(new ModelHandle(model));
            }
        }

        /// <summary>The version of the TensorFlow in use, "2.21.0".</summary>
        /// <exception cref="SteleException">There is none.</exception>
        public static string TensorFlowVersion()
        {
            Native.RequireAbi();
            byte[] error = Native.Error;
            IntPtr version = Native.stele_tensorflow_version(error);
            Native.Check(error);
            return Text.Decode(version);
        }

        /// <summary>Runs a signature on tensors by name, and returns its outputs by name.</summary>
        /// <exception cref="SteleException">NotFound: a signature that there is not; InvalidArgument: inputs that
        /// do not fit; FailedPrecondition: after <see cref="Dispose"/>; whatever TensorFlow answers.</exception>
        public IReadOnlyDictionary<string, Tensor> Run(
            IEnumerable<KeyValuePair<string, Tensor>> inputs,
            string signature = "serving_default"
        )
        {
            using (var pins = new Pins())
            {
                byte[] error = Native.Error;
                signature = signature ?? "serving_default";
                var name = Text.Encode(signature);
                var views = inputs.Select(input => View(input, pins)).ToArray();
                IntPtr outputs = Call(name, views, error);
                Native.Check(error);
                return Read(outputs, Signatures[signature]);
            }
        }

        /// <summary>Releases the model when the calls under way have ended; further ones are refused.</summary>
        public void Dispose()
        {
            disposed = true;
            handle.Dispose();
        }

        private IntPtr Call(byte[] signature, Native.Tensor[] inputs, byte[] error)
        {
            try
            {
                if (!disposed)
                    return Native.stele_run(handle, signature, inputs, (ulong)inputs.Length, error);
            }
            catch (ObjectDisposedException)
            {
                // Closed between the two.
            }
            throw new SteleException(Code.FailedPrecondition, "the model is closed");
        }

        private static Native.Tensor View(KeyValuePair<string, Tensor> input, Pins pins)
        {
            if (input.Value != null)
                return input.Value.View(input.Key, pins);
            throw new SteleException(Code.InvalidArgument, "input \"" + input.Key + "\" is null");
        }

        /// <summary>Outputs have the signature's order, and its names: to decode each anew costs a small call.</summary>
        private static IReadOnlyDictionary<string, Tensor> Read(IntPtr address, Signature signature)
        {
            try
            {
                var outputs = Native.Read<Native.Outputs>(address);
                var tensors = new Dictionary<string, Tensor>(signature.Outputs.Count);
                for (int i = 0; i < signature.Outputs.Count; i++)
                {
                    var tensor = Native.Read<Native.Tensor>(outputs.Tensors, i);
                    tensors.Add(signature.Outputs[i].Name, Tensor.Copy(tensor));
                }
                return tensors;
            }
            finally
            {
                Native.stele_outputs_free(address);
            }
        }
    }
}
