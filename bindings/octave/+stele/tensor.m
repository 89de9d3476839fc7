function tensor = tensor (values, dtype, shape)
  % tensor = stele.tensor (values, dtype, shape)
  %
  % Values with a dtype and a shape of their own: 'BOOL', 'INT8' to 'INT64', 'UINT8' to
  % 'UINT64', 'FP16', 'BF16', 'FP32', 'FP64', 'C64', 'C128' or 'BYTES', which is a cell of
  % uint8 or texts. The shape is size (values) unless given: it is how to say [3], []
  % for a scalar, or that the last dimension is 1.
  if (nargin < 3)
    shape = size (values);
  end
  shape = double (shape(:)');
  wrong = shape(shape ~= fix (shape) | abs (shape) >= flintmax ());
  if (~ isempty (wrong))
    error ('stele:INVALID_ARGUMENT', '%g is no dimension', wrong(1));
  end
  tensor = struct ('stele_dtype', dtype, 'shape', shape, ...
                   'values', {stele.convert(values, dtype)});
end
