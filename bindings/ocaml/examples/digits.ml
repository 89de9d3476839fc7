(* Which digit is this? Load, introspect, run, print.
     dune exec examples/digits.exe path/to/saved_model *)
open Stele

let ( let* ) = Result.bind

let pixels =
  [|
    0.; 0.; 5.; 13.; 12.; 3.; 0.; 0.;
    0.; 2.; 15.; 11.; 12.; 14.; 1.; 0.;
    0.; 5.; 14.; 1.; 1.; 14.; 6.; 0.;
    0.; 7.; 12.; 0.; 0.; 10.; 8.; 0.;
    0.; 7.; 11.; 0.; 0.; 10.; 8.; 0.;
    0.; 5.; 13.; 0.; 1.; 13.; 6.; 0.;
    0.; 1.; 14.; 10.; 12.; 14.; 1.; 0.;
    0.; 0.; 5.; 14.; 12.; 3.; 0.; 0.;
  |]

let image shape =
  let flat = Bigarray.(Array1.of_array float32 c_layout pixels) in
  Tensor.of_bigarray Fp32
    (Bigarray.reshape (Bigarray.genarray_of_array1 flat) shape)

let greatest values =
  let better best at = if values.(at) > values.(best) then at else best in
  List.fold_left better 0 (List.init (Array.length values) Fun.id)

let show model =
  let named (signature : Signature.t) = signature.name = "serving_default" in
  let signature = List.find named (Model.signatures model) in
  Printf.printf "signature %s\n" signature.name;
  Printf.printf "input %s\n" (Signature.info_to_string (List.hd signature.inputs));
  Printf.printf "output %s\n" (Signature.info_to_string (List.hd signature.outputs));

  let* outputs = Model.run model [ ("image", image [| 1; 8; 8; 1 |]) ] in
  let* answer = Tensor.to_bigarray Fp32 (List.assoc "probabilities" outputs) in
  let values = Array.init 10 (fun class_ -> Bigarray.Genarray.get answer [| 0; class_ |]) in
  let texts = Array.map (Printf.sprintf "%.6f") values in
  Printf.printf "digit %d\n" (greatest values);
  Printf.printf "probabilities %s\n" (String.concat " " (Array.to_list texts));

  (* Without the batch: refused before TensorFlow sees it. *)
  match Model.run model [ ("image", image [| 8; 8; 1 |]) ] with
  | Ok _ -> failwith "not refused"
  | Error error ->
    Printf.printf "refused %s\n" (Error.to_string error);
    Ok ()

let () =
  match Model.with_model Sys.argv.(1) show with
  | Ok () -> ()
  | Error error ->
    prerr_endline (Error.to_string error);
    exit 1
