(* Loading, running, refusing. *)
open Stele
open Support

let with_digits use = ok (Model.with_model digits (fun model -> Ok (use model)))

let signatures () =
  with_digits (fun model ->
      let named = List.map (fun (s : Signature.t) -> s.name) (Model.signatures model) in
      Alcotest.(check (list string)) "names" [ "serve"; "serving_default" ] named;
      let input = List.hd (List.hd (Model.signatures model)).inputs in
      Alcotest.(check string)
        "input" "image FP32 [?,8,8,1]" (Signature.info_to_string input);
      Alcotest.(check bool) "optional" false input.optional);
  says "2." (String.sub (ok (tensorflow_version ())) 0 2)

let refused_loads () =
  let load = Model.load in
  says "no SavedModel at \"no/such\": no such folder"
    (refused Not_found (load "no/such"));
  names "other" (refused Not_found (load ~tags:[ "other" ] digits));
  names "inline" (refused Invalid_argument (load ~config:(Profile "fast") digits));
  names "" (refused Invalid_argument (load ~config:(Proto "\xff") digits));
  names "/no/such" (refused Not_found (load ~libtensorflow:"/no/such" digits));
  let nul = "a name or path holds a NUL: \"a\\0b\"" in
  says nul (refused Invalid_argument (load "a\000b"));
  says nul (refused Invalid_argument (load ~tags:[ "a\000b" ] digits));
  says nul (refused Invalid_argument (load ~config:(Profile "a\000b") digits));
  says nul (refused Invalid_argument (load ~libtensorflow:"a\000b" digits))

let refused_inputs () =
  with_digits (fun model ->
      let invalid inputs = refused Invalid_argument (Model.run model inputs) in
      let flat = Tensor.of_bigarray Fp32 (zeros Fp32 [| 64 |]) in
      let double = Tensor.of_bigarray Fp64 (zeros Fp64 [| 1; 8; 8; 1 |]) in
      names "missing" (invalid []);
      names "twice" (invalid [ ("image", blank); ("image", blank) ]);
      names "has shape [64], expected [?,8,8,1]" (invalid [ ("image", flat) ]);
      names "has dtype FP64, expected FP32" (invalid [ ("image", double) ]);
      says "a name or path holds a NUL: \"image\\0y\""
        (invalid [ ("image\000y", blank) ]);
      let run signature = Model.run ~signature model [ ("image", blank) ] in
      names "serving_default" (refused Not_found (run "none"));
      names "\\0" (refused Invalid_argument (run "serve\000")))

let tensors () =
  let strings = [| "a\000"; "\xff" |] in
  let tensor = ok (Tensor.of_strings [| 2; 1 |] strings) in
  strings.(0) <- "b";
  Alcotest.(check (array string)) "owned" [| "a\000"; "\xff" |] (ok (Tensor.to_strings tensor));
  says "BYTES [2,1]" (Tensor.to_string tensor);
  let refused_shape shape = refused Invalid_argument (Tensor.of_strings shape [| "a" |]) in
  says "shape [2,2] has 4 elements, 1 given" (refused_shape [| 2; 2 |]);
  names "-1" (refused_shape [| -1 |]);
  names "" (refused_shape [| max_int; max_int |]);
  names "300" (refused_shape (Array.make 300 1));
  says "tensor has dtype FP32, read as BYTES"
    (refused Invalid_argument (Tensor.to_strings blank));
  says "tensor has dtype BYTES, read as UINT8"
    (refused Invalid_argument (Tensor.to_bigarray Uint8 tensor));
  (* The same kind, and another dtype all the same. *)
  says "tensor has dtype FP32, read as FP64"
    (refused Invalid_argument (Tensor.to_bigarray Fp64 blank));
  let shared = zeros Fp32 [| 2 |] in
  let tensor = Tensor.of_bigarray Fp32 shared in
  Bigarray.Genarray.set shared [| 1 |] 5.;
  Alcotest.(check (float 0.)) "shared" 5.
    (Bigarray.Genarray.get (ok (Tensor.to_bigarray Fp32 tensor)) [| 1 |])

(* More dimensions than a Bigarray has are BYTES' alone. *)
let deep_strings () =
  let given = ok (Tensor.of_strings (Array.make 20 1) [| "deep" |]) in
  ok
    (Model.with_model (saved_model "dtypes") (fun model ->
         let outputs = ok (Model.run ~signature:"bytes" model [ ("x", given) ]) in
         Alcotest.(check int) "rank" 20
           (Array.length (Tensor.shape (List.assoc "same" outputs)));
         Ok ()))

let tests =
  Alcotest.
    [
      test_case "signatures" `Quick signatures;
      test_case "refused loads" `Quick refused_loads;
      test_case "refused inputs" `Quick refused_inputs;
      test_case "tensors" `Quick tensors;
      test_case "deep strings" `Quick deep_strings;
    ]
