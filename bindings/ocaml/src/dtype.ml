(* tensor_stubs.c has a table in the order of these constructors. *)
type (_, _) t =
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

type any = Any : (_, _) t -> any | Bytes | Unnamed of string

let kind : type a b. (a, b) t -> (a, b) Bigarray.kind = function
  | Bool -> Bigarray.int8_unsigned
  | Int8 -> Bigarray.int8_signed
  | Int16 -> Bigarray.int16_signed
  | Int32 -> Bigarray.int32
  | Int64 -> Bigarray.int64
  | Uint8 -> Bigarray.int8_unsigned
  | Uint16 -> Bigarray.int16_unsigned
  | Uint32 -> Bigarray.int32
  | Uint64 -> Bigarray.int64
  | Fp16 -> Bigarray.int16_unsigned
  | Bf16 -> Bigarray.int16_unsigned
  | Fp32 -> Bigarray.float32
  | Fp64 -> Bigarray.float64
  | C64 -> Bigarray.complex32
  | C128 -> Bigarray.complex64

let names =
  [
    (Any Bool, "BOOL");
    (Any Int8, "INT8");
    (Any Int16, "INT16");
    (Any Int32, "INT32");
    (Any Int64, "INT64");
    (Any Uint8, "UINT8");
    (Any Uint16, "UINT16");
    (Any Uint32, "UINT32");
    (Any Uint64, "UINT64");
    (Any Fp16, "FP16");
    (Any Bf16, "BF16");
    (Any Fp32, "FP32");
    (Any Fp64, "FP64");
    (Any C64, "C64");
    (Any C128, "C128");
    (Bytes, "BYTES");
  ]

let all = List.map fst names

let name = function
  | Unnamed name -> name
  | named -> List.assoc named names

let of_name name =
  match List.find_opt (fun (_, known) -> known = name) names with
  | Some (dtype, _) -> dtype
  | None -> Unnamed name

type (_, _) equal = Equal : ('a, 'a) equal

let equal : type a b c d. (a, b) t -> (c, d) t -> (a * b, c * d) equal option =
  fun one other ->
  match (one, other) with
  | Bool, Bool -> Some Equal
  | Int8, Int8 -> Some Equal
  | Int16, Int16 -> Some Equal
  | Int32, Int32 -> Some Equal
  | Int64, Int64 -> Some Equal
  | Uint8, Uint8 -> Some Equal
  | Uint16, Uint16 -> Some Equal
  | Uint32, Uint32 -> Some Equal
  | Uint64, Uint64 -> Some Equal
  | Fp16, Fp16 -> Some Equal
  | Bf16, Bf16 -> Some Equal
  | Fp32, Fp32 -> Some Equal
  | Fp64, Fp64 -> Some Equal
  | C64, C64 -> Some Equal
  | C128, C128 -> Some Equal
  | _ -> None
