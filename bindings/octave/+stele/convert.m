function values = convert (values, dtype)
  % Values in the class that a dtype has here, by value; refused where they do not fit.
  % Not for users.
  if (issparse (values)) % C reads all elements
    values = full (values);
  end
  switch (dtype)
    case 'BOOL'
      require (islogical (values), dtype);
    case {'FP16', 'BF16', 'FP64'}
      require (isfloat (values) && isreal (values), dtype);
      values = widened (values);
    case 'FP32'
      require (isfloat (values) && isreal (values), dtype);
      values = narrowed (values, dtype);
    case {'C64', 'C128'}
      require (isfloat (values), dtype);
      % Not values(:), which is real where all imaginary parts are zeros, -0 too.
      parts = [reshape(real (values), 1, []); reshape(imag (values), 1, [])];
      if (strcmp (dtype, 'C64'))
        values = narrowed (parts, dtype);
      else
        values = widened (parts);
      end
    case 'BYTES'
      values = strings (values, dtype);
    otherwise
      values = whole (values, dtype);
  end
end

function require (fits, dtype)
  if (~ fits)
    error ('stele:INVALID_ARGUMENT', 'a value is no %s', dtype);
  end
end

% What has the class already is left alone: a cast may change a NaN.
function values = widened (values)
  if (~ isa (values, 'double'))
    values = double (values);
  end
end

function values = narrowed (values, dtype)
  if (~ isa (values, 'single'))
    wide = values;
    values = single (wide);
    require (~ any (isinf (values(:)) & ~ isinf (wide(:))), dtype);
  end
end

function values = whole (values, dtype)
  class_name = lower (dtype);
  require (~ isempty (regexp (dtype, '^U?INT(8|16|32|64)$', 'once')), dtype);
  require (isnumeric (values) && isreal (values), dtype);
  if (isa (values, class_name))
    return;
  end
  converted = cast (values, class_name);
  same = isequal (double (converted), double (values)) && isequal (cast (converted, class (values)), values);
  require (same && ~ any (abs (double (values(:))) > flintmax () - 1), dtype);
  values = converted;
end

function cells = strings (values, dtype)
  if (ischar (values))
    values = {values};
  end
  require (iscell (values), dtype);
  cells = values;
  for i = 1:numel (cells)
    if (ischar (cells{i}))
      cells{i} = unicode2native (cells{i}, 'UTF-8');
    end
    require (isa (cells{i}, 'uint8'), dtype);
  end
end
