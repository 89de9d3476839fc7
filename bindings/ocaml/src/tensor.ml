open Bigarray

(* The C stubs make and read these two blocks. *)
type t =
  | Numbers : ('a, 'b) Dtype.t * ('a, 'b, c_layout) Genarray.t -> t
  | Strings of int array * string array

external count : int array -> (int, Error.t) result = "stele_ocaml_count"

let of_bigarray dtype numbers = Numbers (dtype, numbers)

let dtype = function
  | Numbers (dtype, _) -> Dtype.Any dtype
  | Strings _ -> Dtype.Bytes

let shape = function
  | Numbers (_, numbers) -> Genarray.dims numbers
  | Strings (shape, _) -> Array.copy shape

let shape_text shape =
  let dims = Array.to_list (Array.map string_of_int shape) in
  Printf.sprintf "[%s]" (String.concat "," dims)

let to_string tensor =
  Printf.sprintf "%s %s" (Dtype.name (dtype tensor)) (shape_text (shape tensor))

let invalid message = Error { Error.code = Invalid_argument; message }

let of_strings shape strings =
  match count shape with
  | Error error -> Error error
  | Ok count when count = Array.length strings ->
    Ok (Strings (Array.copy shape, Array.copy strings))
  | Ok count ->
    let given = Array.length strings in
    invalid
      (Printf.sprintf "shape %s has %d elements, %d given" (shape_text shape)
         count given)

let other_dtype tensor asked =
  let names = (Dtype.name (dtype tensor), Dtype.name asked) in
  invalid (Printf.sprintf "tensor has dtype %s, read as %s" (fst names) (snd names))

let to_bigarray : type a b.
  (a, b) Dtype.t -> t -> ((a, b, c_layout) Genarray.t, Error.t) result =
  fun asked tensor ->
  match tensor with
  | Strings _ -> other_dtype tensor (Any asked)
  | Numbers (dtype, numbers) -> (
      match Dtype.equal asked dtype with
      | Some Equal -> Ok numbers
      | None -> other_dtype tensor (Any asked))

let to_strings = function
  | Strings (_, strings) -> Ok (Array.copy strings)
  | Numbers _ as tensor -> other_dtype tensor Bytes
