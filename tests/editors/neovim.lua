-- Neovim at a task file with a misspelt parameter, as a person uses it: what it marks, explains, mends, completes and finds.
-- Prints what it was told. `OCI_IMAGE` is the program.

local function say(...)
  io.stdout:write(table.concat({ ... }, ' '), '\n')
end

vim.cmd('edit build.yml')
local buffer = vim.api.nvim_get_current_buf()
local client = vim.lsp.start_client({ name = 'oci-image', cmd = { os.getenv('OCI_IMAGE'), 'lsp' }, root_dir = vim.fn.getcwd() })
vim.lsp.buf_attach_client(buffer, client)
local document = vim.lsp.util.make_text_document_params(buffer)

local function ask(method, line, character, more)
  local position = { line = line, character = character }
  local params = vim.tbl_extend('force', { textDocument = document, position = position }, more or {})
  local answers = assert(vim.lsp.buf_request_sync(buffer, method, params, 30000))
  local answer = answers[client]
  assert(answer.error == nil, vim.inspect(answer.error))
  return answer.result
end

local function wait_for_problems(count)
  assert(vim.wait(30000, function() return #vim.diagnostic.get(buffer) == count end, 10), 'not the problems that were expected')
end

wait_for_problems(1)
for _, problem in ipairs(vim.diagnostic.get(buffer)) do
  say('problem', problem.lnum + 1 .. ':' .. problem.col + 1, problem.source, problem.code, problem.message)
end

local hover = ask('textDocument/hover', 7, 4)
say('hover', vim.split(hover.contents.value, '\n')[1])

local range = { start = { line = 8, character = 2 }, ['end'] = { line = 8, character = 8 } }
local actions = ask('textDocument/codeAction', 8, 2, { range = range, context = { diagnostics = {} } })
for _, action in ipairs(actions) do
  say('action', action.title)
end
vim.lsp.util.apply_workspace_edit(actions[1].edit, 'utf-16')
say('mended', vim.api.nvim_buf_get_lines(buffer, 8, 9, false)[1])
wait_for_problems(0)

local completion = ask('textDocument/completion', 8, 10)
for _, item in ipairs(completion.items or completion) do
  say('completion', item.label)
end

local definition = ask('textDocument/definition', 8, 12)
definition = definition[1] or definition
say('definition', vim.fn.fnamemodify(vim.uri_to_fname(definition.uri), ':t'), definition.range.start.line + 1 .. ':' .. definition.range.start.character + 1)

vim.lsp.stop_client(client)
assert(vim.wait(30000, function() return vim.lsp.client_is_stopped(client) end, 10), 'the server does not end')
say('ended')
vim.cmd('qall!')
