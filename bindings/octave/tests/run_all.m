% All tests: each function test_* below; `make test` says where models and contract are.
1;

function path = zoo_model (name)
  path = [getenv('STELE_BUILD') '/models/' name '/saved_model'];
end

function image = blank ()
  image = zeros (1, 8, 8);
end

% The rows of a table of the contract, a cell for each field.
function rows = contract_table (name, header)
  lines = strsplit (fileread ([getenv('STELE_CONTRACT') '/' name]), "\n");
  lines = lines(~ cellfun (@isempty, lines) & ~ strncmp (lines, '#', 1));
  fields = cellfun (@(line) strsplit (line, "\t", 'CollapseDelimiters', false), lines, ...
                    'UniformOutput', false);
  rows = vertcat (fields{:});
  assert (rows(1, :), header);
  rows(1, :) = [];
  assert (~ isempty (rows));
end

function message = refusal (call, code)
  refused = [];
  try
    call ();
  catch refused
  end
  assert (~ isempty (refused), 'not refused');
  assert (refused.identifier, ['stele:' code]);
  message = refused.message;
end

function check_has (text, part)
  assert (~ isempty (strfind (text, part)), '%s', ['"' text '" does not say "' part '"']);
end

function bytes = from_hex (hex)
  bytes = uint8 (hex2dec (reshape (hex, 2, [])'))';
  if (isempty (hex))
    bytes = zeros (1, 0, 'uint8');
  end
end

% A decimal, or a NaN by its bits: widened as integers, into the class that holds it here.
function value = float_of (text, dtype)
  if (strncmp (text, 'nan:', 4))
    bits = from_hex (text(5:end));
    switch (dtype)
      case 'FP64'
        value = typecast (fliplr (bits), 'double');
      case 'FP32'
        value = typecast (fliplr (bits), 'single');
      otherwise
        whole = uint64 (typecast (fliplr (bits), 'uint16'));
        fraction_bits = 10 - 3 * strcmp (dtype, 'BF16');
        fraction = bitand (whole, uint64 (2 ^ fraction_bits - 1));
        value = typecast (bitor (bitshift (uint64 (2047), 52), bitshift (fraction, 52 - fraction_bits)), 'double');
    end
  elseif (strcmp (dtype, 'FP32'))
    value = single (str2double (text));
  else
    value = str2double (text);
  end
end

function value = complex_of (text, part)
  parts = strsplit (text, ';');
  value = complex (float_of (parts{1}, part), float_of (parts{2}, part));
end

% Digit by digit in the class itself: a double would round it.
function value = whole_of (text, class_name)
  value = cast (0, class_name);
  step = 1;
  if (text(1) == '-')
    step = -1;
    text(1) = [];
  end
  for digit = text - '0'
    value = value * 10 + step * digit;
  end
end

function value = value_of (text, dtype)
  switch (dtype)
    case 'BOOL'
      value = strcmp (text, 'true');
    case {'FP16', 'BF16', 'FP32', 'FP64'}
      value = float_of (text, dtype);
    case 'C64'
      value = complex_of (text, 'FP32');
    case 'C128'
      value = complex_of (text, 'FP64');
    case 'BYTES'
      value = {from_hex(strrep (text, 'hex:', ''))};
    case {'INT64', 'UINT64'}
      value = whole_of (text, lower (dtype));
    otherwise
      value = cast (str2double (text), lower (dtype));
  end
end

% The memory of an array; that of a complex one is its parts.
function bytes = memory (values)
  if (iscell (values))
    bytes = [values{:}];
  elseif (islogical (values))
    bytes = uint8 (values);
  elseif (isreal (values))
    bytes = typecast (reshape (values, 1, []), 'uint8');
  else
    parts = [reshape(real (values), 1, []); reshape(imag (values), 1, [])];
    bytes = typecast (reshape (parts, 1, []), 'uint8');
  end
end

function test_values_of_the_contract ()
  rows = contract_table ('values.tsv', {'dtype', 'shape', 'literals', 'bytes'});
  dtypes = contract_table ('dtypes.tsv', {'name', 'number', 'size', 'kind'});
  assert (sort (rows(:, 1)), sort (dtypes(:, 1)));
  model = stele.Model (zoo_model ('dtypes'));
  for row = rows'
    dtype = row{1};
    values = cellfun (@(text) value_of (text, dtype), strsplit (row{3}, ','), 'UniformOutput', false);
    flat = [values{:}];
    if (~ any (strcmp (dtype, {'FP16', 'BF16', 'BYTES'})))
      assert (memory (flat), from_hex (row{4}));
    end
    % The table is row-major: values(1, :) is its first row.
    given = flat([1, 2, 3; 4, 5, 6]);
    tensor = stele.tensor (given, dtype);
    outputs = model.run (struct ('x', tensor), lower (dtype));
    assert (class (outputs.same), class (given));
    assert (size (outputs.same), [2, 3]);
    assert (memory (outputs.same), memory (given));
    model.run ({'x', given(:, 1)}, lower (dtype));
  end
end

function test_zeros_of_complex_numbers_keep_their_sign ()
  model = stele.Model (zoo_model ('dtypes'));
  for classes = {'single', 'double'; 'c64', 'c128'}
    zero = zeros (2, 3, classes{1});
    given = complex (zero, -zero);
    same = model.run (struct ('x', given), classes{2}).same;
    assert (iscomplex (same));
    assert (memory (same), memory (given));
  end
end

function test_indices_are_the_signatures ()
  model = stele.Model (zoo_model ('dtypes'));
  [outputs, shapes] = model.run (struct ('x', single ([1, 2, 3; 4, 5, 6])), 'fp32');
  assert (outputs.same, single ([1, 2, 3; 4, 5, 6]));
  assert (outputs.transposed, single ([1, 4; 2, 5; 3, 6]));
  assert (shapes.transposed, [3, 2]);
  [~, shapes] = model.run (struct ('x', stele.tensor (single (1:3), 'FP32', 3)), 'fp32');
  assert (shapes.same, 3);
  [~, shapes] = model.run (struct ('x', stele.tensor (single (1), 'FP32', [])), 'fp32');
  assert (isempty (shapes.same));
end

function test_a_model_says_what_it_takes_and_gives ()
  model = stele.Model (zoo_model ('digits'));
  assert ({model.signatures.name}, {'serve', 'serving_default'});
  image = model.signatures(2).inputs;
  assert ({image.name, image.dtype, image.shape, image.optional}, {'image', 'FP32', [NaN, 8, 8, 1], false});
end

function test_every_profile_gives_the_same ()
  first = stele.Model (zoo_model ('digits')).run (struct ('image', blank ()));
  for option = {{'profile', 'inline'}, {'profile', 'single'}, {'config', uint8([56, 1])}, {'tags', {'serve'}}}
    model = stele.Model (zoo_model ('digits'), option{1}{:});
    assert (model.run (struct ('image', blank ())), first);
  end
  assert (strncmp (stele.tensorflow_version (), '2.', 2));
end

function test_what_cannot_be_loaded_is_refused ()
  digits = zoo_model ('digits');
  assert (refusal (@() stele.Model ('no/such'), 'NOT_FOUND'), 'no SavedModel at "no/such": no such folder');
  check_has (refusal (@() stele.Model (digits, 'tags', {'other'}), 'NOT_FOUND'), 'other');
  check_has (refusal (@() stele.Model (digits, 'profile', 'fast'), 'INVALID_ARGUMENT'), 'inline');
  refusal (@() stele.Model (digits, 'config', uint8 (255)), 'INVALID_ARGUMENT');
  check_has (refusal (@() stele.Model (digits, 'colour', 1), 'INVALID_ARGUMENT'), 'colour');
  assert (refusal (@() stele.Model (["a", char(0), "b"]), 'INVALID_ARGUMENT'), 'a name or path holds a NUL: "a\0b"');
end

function test_inputs_that_do_not_fit_are_refused ()
  model = stele.Model (zoo_model ('digits'));
  refused = @(inputs) refusal (@() model.run (inputs), 'INVALID_ARGUMENT');
  check_has (refused (struct ()), 'missing');
  check_has (refused (struct ('image', zeros (64, 1))), 'has shape [64,1,1,1], expected [?,8,8,1]');
  check_has (refused (struct ('image', stele.tensor (blank (), 'FP64'))), 'has dtype FP64, expected FP32');
  check_has (refused (struct ('image', int8 (blank ()))), 'has dtype INT8, expected FP32');
  check_has (refused (struct ('image', 1e39)), 'input "image": a value is no FP32');
  check_has (refused (struct ('imgae', blank ())), 'no input "imgae"');
  check_has (refused ({'image', blank(), 'image', blank()}), 'twice');
  assert (refused ({['image', char(0), 'y'], blank()}), 'a name or path holds a NUL: "image\0y"');
  check_has (refusal (@() model.run (struct ('image', blank ()), 'none'), 'NOT_FOUND'), 'serving_default');
end

function test_doubles_take_the_dtype_of_the_signature_where_they_fit ()
  model = stele.Model (zoo_model ('dtypes'));
  numbers = [0, 1, 2; 3, 4, 100];
  for dtype = {'INT8', 'UINT16', 'INT32', 'UINT32', 'INT64', 'UINT64', 'FP16', 'BF16', 'FP32', 'FP64', 'C64'}
    same = model.run (struct ('x', numbers), lower (dtype{1})).same;
    assert (double (same), numbers);
  end
  for row = {256, -1, 1.5, 2 ^ 53, NaN, 65520, 3.4e38, 1e39, true
             'UINT8', 'UINT64', 'INT32', 'INT64', 'INT32', 'FP16', 'BF16', 'FP32', 'INT32'}
    refusal (@() model.run (struct ('x', repmat (row{1}, 2, 3)), lower (row{2})), 'INVALID_ARGUMENT');
  end
end

function test_doubles_become_single_as_the_language_does_it ()
  model = stele.Model (zoo_model ('dtypes'));
  numbers = [0.1, -0, 1e-46; Inf, NaN, 16777217];
  assert (memory (model.run (struct ('x', numbers), 'fp32').same), memory (single (numbers)));
end

function test_every_kind_of_array_is_read_as_its_elements ()
  model = stele.Model (zoo_model ('dtypes'));
  numbers = [0, 0, 2; 1, 0, 0];
  for dtype = {'FP64', 'FP32', 'INT8', 'C64'}
    assert (double (model.run (struct ('x', sparse (numbers)), lower (dtype{1})).same), numbers);
  end
  assert (model.run (struct ('x', sparse (numbers) > 0), 'bool').same, numbers > 0);
  assert (model.run (struct ('x', eye (2, 3)), 'fp64').same, [1, 0, 0; 0, 1, 0]);
  assert (model.run (struct ('x', 1:3), 'fp64').same, [1, 2, 3]);
end

function test_inputs_are_one_struct_or_pairs ()
  model = stele.Model (zoo_model ('digits'));
  for inputs = {5, {'image'}, struct('image', {1, 2}), blank()}
    check_has (refusal (@() model.run (inputs{1}), 'INVALID_ARGUMENT'), 'one struct');
  end
  inputs = struct ();
  inputs.(['image', char(0), 'y']) = blank ();
  assert (refusal (@() model.run (inputs), 'INVALID_ARGUMENT'), 'a name or path holds a NUL: "image\0y"');
  check_has (refusal (@() model.run ({5, blank()}), 'INVALID_ARGUMENT'), 'no text');
  check_has (refusal (@() model.run (struct ('image', struct ('stele_dtype', 'FP32'))), 'INVALID_ARGUMENT'), 'no STRUCT');
end

function test_texts_are_their_utf8_and_bytes_are_any ()
  model = stele.Model (zoo_model ('dtypes'));
  same = model.run (struct ('x', {{'ñ'; ''; uint8([0, 255])}}), 'bytes').same;
  assert (same{1}, uint8 ([195, 177]));
  assert (isempty (same{2}) && isequal (same{3}, uint8 ([0, 255])));
end

function test_tensors_that_do_not_add_up_are_refused ()
  model = stele.Model (zoo_model ('dtypes'));
  run = @(varargin) refusal (@() model.run (struct ('x', stele.tensor (varargin{:})), 'int32'), 'INVALID_ARGUMENT');
  check_has (run (int32 ([1, 2, 3]), 'INT32', [2, 2]), 'has 4 elements, 3 given');
  check_has (run (int32 (1), 'INT32', -1), 'negative dimension');
  for dim = [1.5, NaN, Inf, 2 ^ 53]
    check_has (run (int32 (1), 'INT32', dim), sprintf ('%g is no dimension', dim));
  end
  run (int32 (1), 'INT31');
end

function test_a_closed_model_refuses_calls_and_may_be_closed_twice ()
  model = stele.Model (zoo_model ('digits'));
  outputs = model.run (struct ('image', blank ()));
  model.close ();
  model.close ();
  assert (model.is_closed ());
  for given = {blank(), 1e39}
    assert (refusal (@() model.run (struct ('image', given{1})), 'FAILED_PRECONDITION'), 'the model is closed');
  end
  assert (sum (outputs.probabilities), single (1), 1e-5);
end

function test_models_are_released_between_calls ()
  kept = stele.Model (zoo_model ('digits'));
  for i = 1:10
    model = stele.Model (zoo_model ('digits'));
    model.run (struct ('image', blank ()));
    clear model;
    assert (numel (kept.run (struct ('image', blank ())).probabilities), 10);
  end
end

lines = strsplit (fileread ([mfilename('fullpath') '.m']), "\n");
names = regexp (lines, '^function (test_\w+)', 'tokens', 'once');
names = [names{:}];
failed = 0;
for i = 1:numel (names)
  try
    feval (names{i});
  catch problem
    failed++;
    printf ("FAIL %s: %s\n", names{i}, problem.message);
  end
end
printf ("%d passed, %d failed\n", numel (names) - failed, failed);
exit (failed > 0 || isempty (names));
