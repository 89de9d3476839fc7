function signatures = describe (rows)
  % Rows of the MEX as a struct array of signatures. Not for users.
  names = cellfun (@stele.text, rows(:, 1), 'UniformOutput', false);
  [unique_names, ~, of] = unique (names);
  signatures = struct ('name', unique_names(:)', 'inputs', [], 'outputs', []);
  for i = 1:numel (unique_names)
    mine = rows(of(:) == i, 2:end);
    is_output = [mine{:, 1}];
    signatures(i).inputs = infos (mine(~ is_output, 2:end));
    signatures(i).outputs = infos (mine(is_output, 2:end));
  end
end

function all = infos (rows)
  names = cellfun (@stele.text, rows(:, 1), 'UniformOutput', false);
  all = struct ('name', names', 'dtype', rows(:, 2)', 'shape', rows(:, 3)', ...
                'has_rank', rows(:, 4)', 'optional', rows(:, 5)');
end
