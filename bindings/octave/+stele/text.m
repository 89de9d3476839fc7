function text = text (bytes)
  % The text of UTF-8 from C. Not for users.
  bytes = bytes(:)';
  try
    text = native2unicode (bytes, 'UTF-8');
  catch
    % TensorFlow's messages quote inputs, which may be any bytes.
    bytes(bytes > 127) = uint8 ('?');
    text = native2unicode (bytes, 'UTF-8');
  end
  if (isempty (text))
    text = '';
  end
end
