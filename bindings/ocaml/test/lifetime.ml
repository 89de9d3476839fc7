(* Closing, collecting, threads, processes. *)
open Stele
open Support

let closed = "the model is closed"

let use_after_close () =
  let model = ok (Model.load digits) in
  let kept = answer model in
  Model.close model;
  Model.close model;
  Alcotest.(check bool) "closed" true (Model.is_closed model);
  says closed (refused Failed_precondition (Model.run model [ ("image", blank) ]));
  Alcotest.(check int) "signatures" 2 (List.length (Model.signatures model));
  Gc.full_major ();
  let sum = ref 0. in
  for at = 0 to 9 do
    sum := !sum +. Bigarray.Genarray.get kept [| 0; at |]
  done;
  Alcotest.(check (float 1e-5)) "outlives" 1. !sum

let closes_when_it_raises () =
  let kept = ref None in
  (try
     ok
       (Model.with_model digits (fun model ->
            kept := Some model;
            failwith "mine"))
   with Failure message -> says "mine" message);
  Alcotest.(check bool) "closed" true (Model.is_closed (Option.get !kept))

(* What each of some threads returns; what one raises fails the test. *)
let in_threads count body =
  let results = Array.make count (Error Exit) in
  let run index = results.(index) <- (try Ok (body ()) with raised -> Error raised) in
  let threads = List.init count (Thread.create run) in
  List.iter Thread.join threads;
  Array.to_list (Array.map (function Ok value -> value | Error raised -> raise raised) results)

let threads_agree () =
  let model = ok (Model.load digits) in
  let expected = answer model in
  let runs () = List.for_all (fun _ -> answer model = expected) (List.init 50 Fun.id) in
  Alcotest.(check (list bool)) "bits" (List.init 8 (fun _ -> true)) (in_threads 8 runs);
  Model.close model

let close_under_load () =
  let model = ok (Model.load digits) in
  let expected = answer model in
  let rec until_closed () =
    match Model.run model [ ("image", blank) ] with
    | Error { code = Failed_precondition; message } -> message
    | Error error -> Error.to_string error
    | Ok outputs ->
      let values = ok (Tensor.to_bigarray Fp32 (List.assoc "probabilities" outputs)) in
      if values = expected then until_closed () else "other bits"
  in
  let closer =
    Thread.create (fun () -> Thread.delay 0.02; Model.close model) ()
  in
  let ends = in_threads 8 until_closed in
  Thread.join closer;
  Alcotest.(check (list string)) "ends" (List.init 8 (fun _ -> closed)) ends

(* Models that nobody closes, and garbage of their inputs and outputs, while other
   threads run theirs. *)
let finalizers_under_load () =
  let expected = Model.with_model digits (fun model -> Ok (answer model)) in
  let drop _ =
    let answered = answer (ok (Model.load digits)) in
    Gc.compact ();
    Ok answered = expected
  in
  let runs () = List.for_all drop (List.init 2 Fun.id) in
  Alcotest.(check (list bool)) "bits" [ true; true; true ] (in_threads 3 runs)

let others_go_on () =
  let loading, loaded = (ref false, ref None) in
  let load () =
    loading := true;
    loaded := Some (Model.load digits)
  in
  let loader = Thread.create load () in
  let turns = ref 0 in
  while !loaded = None do
    if !loading then incr turns;
    Thread.delay 0.0001
  done;
  Thread.join loader;
  Model.close (ok (Option.get !loaded));
  if !turns < 10 then Alcotest.failf "%d turns during a load" !turns

let after_fork () =
  let model = ok (Model.load digits) in
  match Unix.fork () with
  | 0 ->
    let is_refused = function
      | Error Error.{ code = Failed_precondition; _ } -> true
      | Error _ | Ok _ -> false
    in
    let run = Result.map ignore (Model.run model [ ("image", blank) ]) in
    let load = Result.map ignore (Model.load digits) in
    Unix._exit (if is_refused run && is_refused load then 0 else 1)
  | child ->
    let _, status = Unix.waitpid [] child in
    Alcotest.(check bool) "refused in the child" true (status = Unix.WEXITED 0)

let tests =
  Alcotest.
    [
      test_case "use after close" `Quick use_after_close;
      test_case "closes when it raises" `Quick closes_when_it_raises;
      test_case "threads agree" `Quick threads_agree;
      test_case "close under load" `Quick close_under_load;
      test_case "finalizers under load" `Quick finalizers_under_load;
      test_case "other threads go on" `Quick others_go_on;
      test_case "after a fork" `Quick after_fork;
    ]
