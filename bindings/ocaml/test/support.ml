(* What the tests share: the contract's tables, the zoo, answers and refusals. *)
open Stele

let build = Sys.getenv "STELE_BUILD"
let saved_model name = Printf.sprintf "%s/models/%s/saved_model" build name
let digits = saved_model "digits"

let lines path =
  let channel = open_in_bin path in
  let text = really_input_string channel (in_channel_length channel) in
  close_in channel;
  List.filter (( <> ) "") (String.split_on_char '\n' text)

(* The rows of a table of the contract. *)
let table name header =
  let fields = String.split_on_char '\t' in
  let lines = lines (Filename.concat (Sys.getenv "STELE_CONTRACT") name) in
  let rows = List.filter (fun line -> line.[0] <> '#') (List.tl lines) in
  Alcotest.(check (list string)) (name ^ " has") header (fields (List.hd lines));
  Alcotest.(check bool) (name ^ " has rows") true (rows <> []);
  List.map fields rows

let of_hex digits =
  let byte at = Char.chr (int_of_string ("0x" ^ String.sub digits (2 * at) 2)) in
  String.init (String.length digits / 2) byte

let ok = function
  | Ok value -> value
  | Error error -> Alcotest.fail (Error.to_string error)

(* The message of a refusal with that code. *)
let refused code = function
  | Ok _ -> Alcotest.fail "not refused"
  | Error (error : Error.t) ->
    Alcotest.(check string) "code" (Error.code_name code) (Error.code_name error.code);
    error.message

let says expected message = Alcotest.(check string) "message" expected message

let names culprit message =
  let at_end = String.length message - String.length culprit in
  let is_at at = String.sub message at (String.length culprit) = culprit in
  let found = List.exists is_at (List.init (max 0 (at_end + 1)) Fun.id) in
  if not found then Alcotest.failf "%S does not name %S" message culprit

let zeros dtype shape =
  Bigarray.(Genarray.init (Dtype.kind dtype) c_layout shape) (fun _ -> 0.)

let blank = Tensor.of_bigarray Fp32 (zeros Fp32 [| 1; 8; 8; 1 |])

let answer model =
  let outputs = ok (Model.run model [ ("image", blank) ]) in
  ok (Tensor.to_bigarray Fp32 (List.assoc "probabilities" outputs))
