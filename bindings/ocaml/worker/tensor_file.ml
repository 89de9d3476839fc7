(* Tensors in files, through the constructor and the accessor that users call. *)
open Bigarray
open Stele

let ( let* ) = Result.bind

let read_all path =
  let channel = open_in_bin path in
  Fun.protect
    ~finally:(fun () -> close_in channel)
    (fun () -> really_input_string channel (in_channel_length channel))

let write_all path bytes =
  let channel = open_out_bin path in
  Fun.protect
    ~finally:(fun () -> close_out channel)
    (fun () -> output_string channel bytes)

(* Each behind its length; the kit has checked these. *)
let split bytes =
  let rec from at strings =
    if at = String.length bytes then List.rev strings
    else
      let length = Option.get (Int32.unsigned_to_int (String.get_int32_le bytes at)) in
      from (at + 4 + length) (String.sub bytes (at + 4) length :: strings)
  in
  Array.of_list (from 0 [])

let join strings =
  let buffer = Buffer.create 1024 in
  let add text =
    Buffer.add_int32_le buffer (Int32.of_int (String.length text));
    Buffer.add_string buffer text
  in
  Array.iter add strings;
  Buffer.contents buffer

let all_of path is_done = if not is_done then failwith ("cannot use " ^ path)

let read Kit.{ dtype; dims; path; _ } =
  match Dtype.of_name dtype with
  | Any dtype ->
    let numbers = Genarray.create (Dtype.kind dtype) c_layout dims in
    all_of path (Kit.read path numbers);
    Ok (Tensor.of_bigarray dtype numbers)
  | Bytes -> Tensor.of_strings dims (split (read_all path))
  | Unnamed name -> failwith ("dtype " ^ name ^ " of the kit")

(* Where the kit has no file for an output, it knows why. *)
let with_path (name, tensor) size write =
  let dtype = Dtype.name (Tensor.dtype tensor) in
  Option.iter write (Kit.output name dtype (Tensor.shape tensor) size)

let write ((_, tensor) as output) =
  match Tensor.dtype tensor with
  | Any dtype ->
    let* numbers = Tensor.to_bigarray dtype tensor in
    with_path output (Genarray.size_in_bytes numbers) (fun path ->
        all_of path (Kit.write path numbers));
    Ok ()
  | Bytes | Unnamed _ ->
    let* strings = Tensor.to_strings tensor in
    let bytes = join strings in
    with_path output (String.length bytes) (fun path -> write_all path bytes);
    Ok ()
