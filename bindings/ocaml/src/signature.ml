type info = {
  name : string;
  dtype : Dtype.any;
  shape : int option array option;
  optional : bool;
}

type t = { name : string; inputs : info list; outputs : info list }

let shape_text = function
  | None -> "?"
  | Some dims ->
    let dim = Option.fold ~none:"?" ~some:string_of_int in
    let dims = Array.to_list (Array.map dim dims) in
    Printf.sprintf "[%s]" (String.concat "," dims)

let info_to_string { name; dtype; shape; _ } =
  Printf.sprintf "%s %s %s" name (Dtype.name dtype) (shape_text shape)

type raw_info = string * string * int array option * bool
type raw = string * raw_info list * raw_info list

let info_of_raw (name, dtype, dims, optional) =
  let dim size = if size < 0 then None else Some size in
  let shape = Option.map (Array.map dim) dims in
  { name; dtype = Dtype.of_name dtype; shape; optional }

let of_raw (name, inputs, outputs) =
  {
    name;
    inputs = List.map info_of_raw inputs;
    outputs = List.map info_of_raw outputs;
  }
