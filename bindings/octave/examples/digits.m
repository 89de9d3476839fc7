% Which digit is this? Load, introspect, run, print.
%   octave-cli examples/digits.m path/to/saved_model
1;

function text = shape_text (info)
  dims = arrayfun (@(dim) sprintf ('%d', dim), info.shape, 'UniformOutput', false);
  dims(isnan (info.shape)) = {'?'};
  text = sprintf ('%s %s [%s]', info.name, info.dtype, strjoin (dims, ','));
end

image = [
  0, 0, 5, 13, 12, 3, 0, 0
  0, 2, 15, 11, 12, 14, 1, 0
  0, 5, 14, 1, 1, 14, 6, 0
  0, 7, 12, 0, 0, 10, 8, 0
  0, 7, 11, 0, 0, 10, 8, 0
  0, 5, 13, 0, 1, 13, 6, 0
  0, 1, 14, 10, 12, 14, 1, 0
  0, 0, 5, 14, 12, 3, 0, 0
];

given = argv ();
model = stele.Model (given{end});
signature = model.signatures(strcmp ({model.signatures.name}, 'serving_default'));
printf ("signature %s\n", signature.name);
printf ("input %s\n", shape_text (signature.inputs(1)));
printf ("output %s\n", shape_text (signature.outputs(1)));

% One image, image(1, row, column); the last dimension, of one channel, is understood.
outputs = model.run (struct ('image', reshape (image, 1, 8, 8)));
[~, digit] = max (outputs.probabilities);
printf ("digit %d\n", digit - 1);
printf ("probabilities%s\n", sprintf (' %.6f', outputs.probabilities));

% Without the batch: refused before TensorFlow sees it.
try
  model.run (struct ('image', stele.tensor (image, 'FP32', [8, 8, 1])));
catch refused
  printf ("refused %s: %s\n", strrep (refused.identifier, 'stele:', ''), refused.message);
end
model.close ();
