(* The worker of the binding "ocaml", on the kit of bindings/c/kit. *)
open Stele

let ( let* ) = Result.bind

let describe (signature : Signature.t) is_output (info : Signature.info) =
  let dims = Option.map (Array.map (Option.value ~default:(-1))) info.shape in
  Kit.describe signature.name is_output info.name (Dtype.name info.dtype) dims

let describe_signature (signature : Signature.t) =
  List.iter (describe signature false) signature.inputs;
  List.iter (describe signature true) signature.outputs

let load dir tags profile config =
  let tags = List.filter (( <> ) "") (String.split_on_char ',' tags) in
  let config =
    match (profile, config) with
    | Some name, _ -> Some (Model.Profile name)
    | None, Some bytes -> Some (Model.Proto bytes)
    | None, None -> None
  in
  let* model = Model.load ~tags ?config dir in
  List.iter describe_signature (Model.signatures model);
  Ok model

let rec map_result f = function
  | [] -> Ok []
  | head :: tail ->
    let* head = f head in
    let* tail = map_result f tail in
    Ok (head :: tail)

let named (input : Kit.input) =
  let* tensor = Tensor_file.read input in
  Ok (input.name, tensor)

let rec repeat model signature inputs outputs =
  if Kit.again () then
    let* outputs = Model.run ~signature model inputs in
    repeat model signature inputs outputs
  else Ok outputs

let run model signature inputs =
  let* inputs = map_result named inputs in
  let* outputs = repeat model signature inputs [] in
  let* _ = map_result Tensor_file.write outputs in
  Ok (Some model)

let no_model = { Error.code = Failed_precondition; message = "no model is loaded" }

(* Answers a request, and returns the model that is loaded then. *)
let answer loaded (request : Kit.request) =
  match (request, loaded) with
  | Load { dir; tags; profile; config }, _ ->
    let* model = load dir tags profile config in
    Option.iter Model.close loaded;
    Ok (Some model)
  | Run { signature; inputs }, Some model -> run model signature inputs
  | Run _, None -> Error no_model
  | Unload, _ ->
    Option.iter Model.close loaded;
    Ok None
  | Other verb, _ ->
    Kit.unsupported (Printf.sprintf "verb %d of the kit" verb);
    Ok loaded

let caught loaded request =
  try answer loaded request
  with (Sys_error _ | Failure _) as raised ->
    Error { Error.code = Internal; message = Printexc.to_string raised }

let rec serve loaded =
  match Kit.next () with
  | None -> Option.iter Model.close loaded
  | Some request -> (
      match caught loaded request with
      | Ok model ->
        Kit.ok ();
        serve model
      | Error error ->
        Kit.error (Error.number error.code) error.message;
        serve loaded)

let () =
  Kit.start "ocaml" ("OCaml " ^ Sys.ocaml_version);
  serve None
