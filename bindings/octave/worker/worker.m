% The package behind the worker protocol. Tensors are made by stele.tensor and read from
% what run gives. The order of axes and the halves are Octave's own here: the package's are
% what is tried.
1;

function order = row_major (shape)
  % Positions, in a column-major array of this shape, of elements in row-major order.
  order = 1:prod (shape);
  if (numel (shape) > 1 && ~ isempty (order))
    order = reshape (permute (reshape (order, shape), numel (shape):-1:1), 1, []);
  end
end

function values = at (values, order)
  % values(order), and complex still: of imaginary parts that all are zeros, -0 too, indexing
  % makes real numbers.
  if (iscomplex (values))
    values = complex (real (values)(order), imag (values)(order));
  else
    values = values(order);
  end
end

function doubles = all_halves (dtype)
  % The double of every FP16 or BF16, by its bits; a NaN keeps them.
  bits = uint64 (0:65535);
  fraction_bits = 10 - 3 * strcmp (dtype, 'BF16');
  bias = 2 ^ (14 - fraction_bits) - 1;
  fraction = double (bitand (bits, 2 ^ fraction_bits - 1));
  exponent = double (bitand (bitshift (bits, -fraction_bits), 2 * bias + 1));
  doubles = (1 + fraction / 2 ^ fraction_bits) .* 2 .^ (exponent - bias);
  small = exponent == 0;
  doubles(small) = fraction(small) / 2 ^ fraction_bits * 2 ^ (1 - bias);
  wide = typecast (doubles, 'uint64');
  beyond = exponent == 2 * bias + 1;
  wide(beyond) = bitor (bitshift (uint64 (2047), 52), bitshift (uint64 (fraction(beyond)), 52 - fraction_bits));
  wide = bitor (wide, bitshift (bitshift (bits, -15), 63));
  doubles = typecast (wide, 'double');
end

function doubles = halves (dtype)
  persistent known = struct ();
  if (~ isfield (known, dtype))
    known.(dtype) = all_halves (dtype);
  end
  doubles = known.(dtype);
end

function values = from_bytes (bytes, dtype)
  switch (dtype)
    case 'BOOL'
      values = logical (bytes);
    case {'FP16', 'BF16'}
      values = halves (dtype)(double (typecast (bytes, 'uint16')) + 1);
    case {'C64', 'C128'}
      classes = {'single', 'double'};
      parts = reshape (typecast (bytes, classes{1 + strcmp (dtype, 'C128')}), 2, []);
      values = complex (parts(1, :), parts(2, :));
    case 'BYTES'
      values = cell (1, 0);
      while (~ isempty (bytes))
        size = double (typecast (bytes(1:4), 'uint32'));
        values{end + 1} = bytes(5:4 + size);
        bytes = bytes(5 + size:end);
      end
    otherwise
      values = typecast (bytes, class_of (dtype));
  end
end

function name = class_of (dtype)
  name = lower (dtype);
  if (strncmp (dtype, 'FP', 2))
    names = {'single', 'double'};
    name = names{1 + strcmp (dtype, 'FP64')};
  end
end

function bytes = to_bytes (values, dtype)
  if (~ iscomplex (values))
    values = reshape (values, 1, []);
  end
  switch (dtype)
    case 'BOOL'
      bytes = uint8 (values);
    case {'FP16', 'BF16'}
      [~, at] = ismember (typecast (values, 'uint64'), typecast (halves (dtype), 'uint64'));
      bytes = typecast (uint16 (at - 1), 'uint8');
    case {'C64', 'C128'}
      parts = [reshape(real (values), 1, []); reshape(imag (values), 1, [])];
      bytes = typecast (reshape (parts, 1, []), 'uint8');
    case 'BYTES'
      parts = cellfun (@(string) [typecast(uint32 (numel (string)), 'uint8'), string(:)'], values, ...
                       'UniformOutput', false);
      bytes = [zeros(1, 0, 'uint8'), parts{:}];
    otherwise
      bytes = typecast (values, 'uint8');
  end
end

function tensor = read_input (dtype, shape, path)
  file = fopen (char (path), 'rb');
  bytes = fread (file, Inf, '*uint8')';
  fclose (file);
  if (isempty (bytes))
    bytes = zeros (1, 0, 'uint8');
  end
  [~, column_major] = sort (row_major (shape));
  values = at (from_bytes (bytes, dtype), column_major);
  tensor = stele.tensor (values, dtype, shape);
end

function write_output (name, dtype, shape, values)
  bytes = to_bytes (at (values, row_major (shape)), dtype);
  path = worker_mex ('output', name, dtype, shape, numel (bytes));
  if (isempty (path)) % the kit knows why
    return;
  end
  file = fopen (char (path), 'wb');
  fwrite (file, bytes, 'uint8');
  fclose (file);
end

function describe (model)
  for signature = model.signatures
    for is_output = [false, true]
      infos = signature.inputs;
      if (is_output)
        infos = signature.outputs;
      end
      for info = infos
        worker_mex ('describe', stele.utf8 (signature.name), is_output, stele.utf8 (info.name), ...
                    info.dtype, info.shape, info.has_rank);
      end
    end
  end
end

function model = load_request (request)
  options = {'tags', {stele.text(request{3})}};
  if (iscell (request{5}))
    options = [options, {'profile', stele.text(request{4})}];
  else
    options = [options, {'config', request{5}}];
  end
  model = stele.Model (stele.text (request{2}), options{:});
  describe (model);
end

function run_request (model, signature, inputs)
  pairs = cell (2, rows (inputs));
  pairs(1, :) = cellfun (@char, inputs(:, 1)', 'UniformOutput', false);
  % Many may be of one file, which is read once.
  key = @(dtype, shape, path) [dtype, sprintf(' %d', shape), ' ', char(path)];
  keys = cellfun (key, inputs(:, 2), inputs(:, 3), inputs(:, 4), 'UniformOutput', false);
  [~, first, which] = unique (keys);
  tensors = cell (1, numel (first));
  for i = 1:numel (first)
    tensors{i} = read_input (inputs{first(i), 2:4});
  end
  pairs(2, :) = tensors(which);
  pairs = pairs(:)';
  while (worker_mex ('again'))
    [outputs, shapes] = model.run (pairs, signature);
  end
  of = model.signatures(strcmp ({model.signatures.name}, signature));
  for info = of.outputs
    field = stele.field (info.name);
    write_output (stele.utf8 (info.name), info.dtype, shapes.(field), outputs.(field));
  end
end

LOAD = 1;
RUN = 2;
model = [];
worker_mex ('start', 'octave', ['Octave ' version()]);
while (true)
  request = worker_mex ('next');
  if (isempty (request))
    break;
  end
  try
    if (request{1} == LOAD)
      loaded = load_request (request);
      if (~ isempty (model))
        model.close ();
      end
      model = loaded;
    elseif (request{1} == RUN)
      run_request (model, stele.text (request{6}), request{7});
    else
      model.close ();
      model = [];
    end
    worker_mex ('ok');
  catch refused
    code = strrep (refused.identifier, 'stele:', '');
    worker_mex ('error', code, unicode2native (refused.message, 'UTF-8'));
  end
end
worker_mex ('stop');
