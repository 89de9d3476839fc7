function text = text (bytes)
  % The text of UTF-8 from C. Not for users.
  text = native2unicode (bytes(:)', 'UTF-8');
  if (isempty (text))
    text = '';
  end
end
