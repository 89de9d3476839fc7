(* The tables of bindings/contract. *)
open Bigarray
open Stele
open Support

let codes () =
  let rows = table "codes.tsv" [ "number"; "name" ] in
  let all =
    Error.
      [
        Cancelled; Unknown; Invalid_argument; Deadline_exceeded; Not_found;
        Already_exists; Permission_denied; Resource_exhausted; Failed_precondition;
        Aborted; Out_of_range; Unimplemented; Internal; Unavailable; Data_loss;
        Unauthenticated;
      ]
  in
  let ours code = [ string_of_int (Error.number code); Error.code_name code ] in
  Alcotest.(check (list (list string)))
    "codes" rows
    ([ "0"; "OK" ] :: List.map ours all)

let dtypes () =
  let check = function
    | [ name; _; size; _ ] -> (
        match Dtype.of_name name with
        | Any dtype ->
          let bytes = kind_size_in_bytes (Dtype.kind dtype) in
          Alcotest.(check string) name size (string_of_int bytes)
        | Bytes -> Alcotest.(check string) name "0" size
        | Unnamed _ -> Alcotest.failf "no dtype %s" name)
    | _ -> assert false
  in
  let rows = table "dtypes.tsv" [ "name"; "number"; "size"; "kind" ] in
  List.iter check rows;
  let theirs = List.sort compare (List.map List.hd rows) in
  let ours = List.sort compare (List.map Dtype.name Dtype.all) in
  Alcotest.(check (list string)) "all" theirs ours

(* Literals of values.tsv as elements. *)

let bits text =
  match String.split_on_char ':' text with
  | [ "nan"; digits ] -> Some ("0x" ^ digits)
  | _ -> None

let small_float of_float text =
  match bits text with
  | Some digits -> int_of_string digits
  | None -> of_float (float_of_string text)

let float32 text =
  match bits text with
  | Some digits -> Int32.float_of_bits (Int32.of_string digits)
  | None -> float_of_string text

let float64 text =
  match bits text with
  | Some digits -> Int64.float_of_bits (Int64.of_string digits)
  | None -> float_of_string text

let complex part text =
  match String.split_on_char ';' text with
  | [ re; im ] -> Complex.{ re = part re; im = part im }
  | _ -> assert false

let element : type a b. (a, b) Dtype.t -> string -> a = function
  | Bool -> fun text -> Bool.to_int (bool_of_string text)
  | Int8 -> int_of_string
  | Int16 -> int_of_string
  | Uint8 -> int_of_string
  | Uint16 -> int_of_string
  | Int32 -> Int32.of_string
  | Int64 -> Int64.of_string
  | Uint32 -> fun text -> Int32.of_string ("0u" ^ text)
  | Uint64 -> fun text -> Int64.of_string ("0u" ^ text)
  | Fp16 -> small_float Float16.of_float
  | Bf16 -> small_float Bfloat16.of_float
  | Fp32 -> float32
  | Fp64 -> float64
  | C64 -> complex float32
  | C128 -> complex float64

(* The bytes of an array: those of a file that it was mapped to. *)
let bytes numbers =
  let path = Filename.temp_file "stele" ".bin" in
  let file = Unix.(openfile path [ O_RDWR ] 0o600) in
  let dims = Genarray.dims numbers in
  Genarray.blit numbers (Unix.map_file file (Genarray.kind numbers) c_layout true dims);
  let size = Genarray.size_in_bytes numbers in
  let bytes = Bytes.create size in
  Alcotest.(check int) "size" size (Unix.read file bytes 0 size);
  Unix.close file;
  Sys.remove path;
  Bytes.to_string bytes

let numbers model dtype shape literals expected =
  let name = Dtype.name (Any dtype) in
  let flat = Array1.of_array (Dtype.kind dtype) c_layout literals in
  let given = reshape (genarray_of_array1 flat) shape in
  Alcotest.(check string) name expected (bytes given);
  let inputs = [ ("x", Tensor.of_bigarray dtype given) ] in
  let signature = String.lowercase_ascii name in
  let outputs = ok (Model.run ~signature model inputs) in
  let same = ok (Tensor.to_bigarray dtype (List.assoc "same" outputs)) in
  Alcotest.(check (array int)) name shape (Genarray.dims same);
  Alcotest.(check string) name expected (bytes same)

let strings model shape literals =
  let values = Array.map (fun text -> of_hex (String.sub text 4 (String.length text - 4))) literals in
  let inputs = [ ("x", ok (Tensor.of_strings shape values)) ] in
  let outputs = ok (Model.run ~signature:"bytes" model inputs) in
  let same = List.assoc "same" outputs in
  Alcotest.(check (array int)) "BYTES" shape (Tensor.shape same);
  Alcotest.(check (array string)) "BYTES" values (ok (Tensor.to_strings same))

let values () =
  let model = ok (Model.load (saved_model "dtypes")) in
  let check = function
    | [ dtype; shape; literals; bytes ] -> (
        let shape = Array.of_list (List.map int_of_string (String.split_on_char ',' shape)) in
        let literals = Array.of_list (String.split_on_char ',' literals) in
        match Dtype.of_name dtype with
        | Any dtype ->
          numbers model dtype shape (Array.map (element dtype) literals) (of_hex bytes)
        | Bytes -> strings model shape literals
        | Unnamed _ -> assert false)
    | _ -> assert false
  in
  let rows = table "values.tsv" [ "dtype"; "shape"; "literals"; "bytes" ] in
  Alcotest.(check int) "rows" (List.length Dtype.all) (List.length rows);
  List.iter check rows;
  Model.close model

let profiles () =
  let answer config = Model.with_model ~config digits (fun model -> Ok (bytes (answer model))) in
  let check = function
    | [ name; proto; _ ] ->
      let by_name = ok (answer (Profile name)) in
      Alcotest.(check string) name by_name (ok (answer (Proto (of_hex proto))))
    | _ -> assert false
  in
  List.iter check (table "profiles.tsv" [ "name"; "config"; "meaning" ])

(* Every number of a format comes back from its value; between two neighbours the
   nearer one counts, in the middle the even one. *)
let small_floats to_float of_float infinite =
  let is name expected given =
    let bits = of_float given in
    if bits <> expected then Alcotest.failf "%s: %h is %x, not %x" name given bits expected
  in
  for bits = 0 to infinite - 2 do
    let here, next = (to_float bits, to_float (bits + 1)) in
    let middle = (here +. next) /. 2. in
    is "exact" bits here;
    is "negative" (bits lor 0x8000) (-.here);
    is "middle" (if bits land 1 = 0 then bits else bits + 1) middle;
    is "below" bits (Float.pred middle);
    is "above" (bits + 1) (Float.succ middle)
  done;
  is "infinity" infinite infinity;
  is "too great" infinite max_float;
  Alcotest.(check bool) "nan" true (Float.is_nan (to_float (of_float nan)))

let float16 () = small_floats Float16.to_float Float16.of_float 0x7c00
let bfloat16 () = small_floats Bfloat16.to_float Bfloat16.of_float 0x7f80

let tests =
  Alcotest.
    [
      test_case "codes" `Quick codes;
      test_case "dtypes" `Quick dtypes;
      test_case "values" `Quick values;
      test_case "profiles" `Quick profiles;
      test_case "every binary16" `Quick float16;
      test_case "every bfloat16" `Quick bfloat16;
    ]
