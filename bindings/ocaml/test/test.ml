let () =
  Alcotest.run "stele"
    [
      ("contract", Contract.tests);
      ("models", Models.tests);
      ("lifetime", Lifetime.tests);
    ]
