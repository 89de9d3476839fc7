(** Element types, named as in the Open Inference Protocol. *)

(** A dtype, and how OCaml sees its elements: the parameters of its
    [Bigarray.kind]. What Bigarray has no kind for is raw, its bits in an integer
    of the same size: [Bool] is 0 or 1; [Uint32] and [Uint64] read as
    [Int32.unsigned_to_int] and [Printf]'s [%Lu] do; [Fp16] and [Bf16] by
    {!Float16} and {!Bfloat16}. *)
type ('element, 'layout) t =
  | Bool : (int, Bigarray.int8_unsigned_elt) t
  | Int8 : (int, Bigarray.int8_signed_elt) t
  | Int16 : (int, Bigarray.int16_signed_elt) t
  | Int32 : (int32, Bigarray.int32_elt) t
  | Int64 : (int64, Bigarray.int64_elt) t
  | Uint8 : (int, Bigarray.int8_unsigned_elt) t
  | Uint16 : (int, Bigarray.int16_unsigned_elt) t
  | Uint32 : (int32, Bigarray.int32_elt) t
  | Uint64 : (int64, Bigarray.int64_elt) t
  | Fp16 : (int, Bigarray.int16_unsigned_elt) t
  | Bf16 : (int, Bigarray.int16_unsigned_elt) t
  | Fp32 : (float, Bigarray.float32_elt) t
  | Fp64 : (float, Bigarray.float64_elt) t
  | C64 : (Complex.t, Bigarray.complex32_elt) t
  | C128 : (Complex.t, Bigarray.complex64_elt) t

(** Any dtype. [Unnamed "TF_20"] is a type of TensorFlow's that has no name here:
    a signature with one cannot be run. *)
type any = Any : (_, _) t -> any | Bytes | Unnamed of string

val kind : ('element, 'layout) t -> ('element, 'layout) Bigarray.kind

val all : any list
(** Every dtype that has a name. *)

val name : any -> string
(** ["FP32"] for [Any Fp32]. *)

val of_name : string -> any
(** The inverse of {!name}. *)

(**/**)

type (_, _) equal = Equal : ('a, 'a) equal

val equal : ('a, 'b) t -> ('c, 'd) t -> ('a * 'b, 'c * 'd) equal option
