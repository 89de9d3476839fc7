type handle
type t = { handle : handle; signatures : Signature.t list }
type config = Profile of string | Proto of string

external load_handle :
  string -> string -> config option -> string option -> (handle, Error.t) result
  = "stele_ocaml_load"

external raw_signatures : handle -> Signature.raw list = "stele_ocaml_signatures"
external close_handle : handle -> unit = "stele_ocaml_close"
external is_closed_handle : handle -> bool = "stele_ocaml_is_closed"

external run_handle :
  handle ->
  string ->
  (string * Tensor.t) list ->
  ((string * Tensor.t) list, Error.t) result = "stele_ocaml_run"

let ( let* ) = Result.bind

let load ?(tags = [ "serve" ]) ?config ?libtensorflow folder =
  let profile = match config with Some (Profile name) -> [ name ] | _ -> [] in
  let texts = (folder :: tags) @ profile @ Option.to_list libtensorflow in
  let* () = Error.check_texts texts in
  let tags = String.concat "," tags in
  let* handle = load_handle folder tags config libtensorflow in
  let signatures = List.map Signature.of_raw (raw_signatures handle) in
  Ok { handle; signatures }

let signatures model = model.signatures

let run ?(signature = "serving_default") model inputs =
  let* () = Error.check_texts (signature :: List.map fst inputs) in
  run_handle model.handle signature inputs

let close model = close_handle model.handle
let is_closed model = is_closed_handle model.handle

let with_model ?tags ?config ?libtensorflow folder use =
  let* model = load ?tags ?config ?libtensorflow folder in
  Fun.protect ~finally:(fun () -> close model) (fun () -> use model)
