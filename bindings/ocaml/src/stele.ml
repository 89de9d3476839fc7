(** Run TensorFlow SavedModels from OCaml: a client of libstele.

    {[
      Stele.Model.with_model "saved_model" (fun model ->
          Stele.Model.run model [ ("image", Stele.Tensor.of_bigarray Fp32 image) ])
    ]} *)

module Error = Error
module Dtype = Dtype
module Float16 = Float16
module Bfloat16 = Bfloat16
module Tensor = Tensor
module Signature = Signature
module Model = Model

(** The version of TensorFlow, "2.21.0"; loads it when it is not loaded yet. *)
external tensorflow_version : unit -> (string, Error.t) result
  = "stele_ocaml_tensorflow_version"
