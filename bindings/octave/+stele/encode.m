function input = encode (value, info)
  % {dtype, shape, values} of an input for the MEX. Not for users.
  if (isstruct (value) && isfield (value, 'stele_dtype'))
    input = {uint8(value.stele_dtype), value.shape, value.values};
    return;
  end
  dtype = own_dtype (value);
  of_numbers = ~ any (strcmp (info.dtype, {'BOOL', 'BYTES'})) && ~ strncmp (info.dtype, 'TF_', 3);
  if (isa (value, 'double') && of_numbers)
    dtype = info.dtype;
  end
  shape = size (value);
  if (info.has_rank)
    shape = fit (shape, numel (info.shape));
  end
  try
    values = stele.convert (value, dtype);
  catch refused
    error (refused.identifier, '%s', ['input "' info.name '": ' refused.message]);
  end
  input = {uint8(dtype), shape, values};
end

function dtype = own_dtype (value)
  switch (class (value))
    case 'logical'
      dtype = 'BOOL';
    case 'double'
      dtype = 'FP64';
      if (~ isreal (value))
        dtype = 'C128';
      end
    case 'single'
      dtype = 'FP32';
      if (~ isreal (value))
        dtype = 'C64';
      end
    case {'cell', 'char'}
      dtype = 'BYTES';
    otherwise
      dtype = upper (class (value));
  end
end

% A size has two dimensions at least, and no ones at its end: made the signature's rank.
function shape = fit (shape, rank)
  if (rank == 1 && numel (shape) == 2 && shape(1) == 1)
    shape = shape(2);
  end
  while (numel (shape) > rank && shape(end) == 1)
    shape(end) = [];
  end
  shape(end + 1:rank) = 1;
end
