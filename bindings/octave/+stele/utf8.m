function bytes = utf8 (text)
  % A name or path for C, where it ends at a NUL, as uint8. Not for users.
  if (isempty (text))
    bytes = zeros (1, 0, 'uint8');
    return;
  end
  if (~ ischar (text))
    error ('stele:INVALID_ARGUMENT', 'a name or path is no text');
  end
  if (any (text == 0))
    shown = strrep (text, char (0), '\0');
    error ('stele:INVALID_ARGUMENT', '%s', ['a name or path holds a NUL: "' shown '"']);
  end
  if (all (text < 128))
    bytes = uint8 (text(:)');
  else
    bytes = unicode2native (text, 'UTF-8');
  end
end
