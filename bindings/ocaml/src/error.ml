type code =
  | Cancelled
  | Unknown
  | Invalid_argument
  | Deadline_exceeded
  | Not_found
  | Already_exists
  | Permission_denied
  | Resource_exhausted
  | Failed_precondition
  | Aborted
  | Out_of_range
  | Unimplemented
  | Internal
  | Unavailable
  | Data_loss
  | Unauthenticated

type t = { code : code; message : string }

external number : code -> int = "stele_ocaml_code_number" [@@noalloc]
external code_name : code -> string = "stele_ocaml_code_name"

let to_string { code; message } = code_name code ^ ": " ^ message

let check_texts texts =
  match List.find_opt (fun text -> String.contains text '\000') texts with
  | None -> Ok ()
  | Some text ->
    let shown = String.concat "\\0" (String.split_on_char '\000' text) in
    let message = Printf.sprintf "a name or path holds a NUL: \"%s\"" shown in
    Error { code = Invalid_argument; message }
