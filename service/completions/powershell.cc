// For Windows PowerShell 5.1 and PowerShell 7. The rows of a tool are data of its script block, so
// that nothing is left in the session of the user.
#include <string_view>

#include "service/completions/shells.h"

namespace throttle::service::completions {

namespace {

constexpr std::string_view kHead =
    R"(# Completion of Throttle's tools in PowerShell, made from the tables of their options.
# For every new session, a line in $PROFILE:  . 'C:\Program Files\Throttle\throttle-completion.ps1'
)";

constexpr std::string_view kTool =
    R"(
Register-ArgumentCompleter -Native -CommandName '@TOOL@', '@TOOL@.exe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    # command (* is any), option, letter, value, all values, help
    $options = @(
@OPTIONS@
    )
    # command, help
    $commands = @(
@COMMANDS@
    )

    $before = @($commandAst.CommandElements | Select-Object -Skip 1 |
            Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |
            ForEach-Object { $_.Extent.Text })
    $takes = @($options | Where-Object { $_[3] } | ForEach-Object { $_[1]; $_[2] })
    $command = ''
    $isValue = $false
    foreach ($word in $before) {
        if ($isValue) { $isValue = $false }
        elseif ($takes -ccontains $word) { $isValue = $true }
        elseif (-not $word.StartsWith('-')) { $command = $word; break }
    }

    $known = @($options | Where-Object { $_[0] -eq '*' -or $_[0] -ceq $command })
    $given = if ($before.Count) { $before[-1] } else { '' }
    $asked = $wordToComplete
    $prefix = ''
    if ($asked -match '^(--[^=]+)=(.*)$') {
        $given = $Matches[1]
        $asked = $Matches[2]
        $prefix = "$given="
    }
    $option = $known |
        Where-Object { $_[3] -and ($_[1] -ceq $given -or ($_[2] -and $_[2] -ceq $given)) } |
        Select-Object -First 1
    $results = if ($option) {
        $option[4].Split(' ') | Where-Object { $_ } | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new(
                "$prefix$_", $_, 'ParameterValue', $option[5])
        }
    } elseif ($commands.Count -and -not $command -and -not $asked.StartsWith('-')) {
        $commands | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new(
                $_[0], $_[0], 'ParameterValue', $_[1])
        }
    } else {
        $known | ForEach-Object {
            [System.Management.Automation.CompletionResult]::new(
                $_[1], $_[1], 'ParameterName', $_[5])
        }
    }
    $results | Where-Object { $_ -and $_.ListItemText.StartsWith($asked) }
}
)";

std::string ps_quoted(const std::string& text) {
  return quoted(text, "''");
}

void add_row(std::string& rows, const std::vector<std::string>& cells) {
  if (!rows.empty()) rows += ",\n";
  rows += "        @(";
  for (const std::string& cell : cells)
    rows += (rows.ends_with("@(") ? "" : ", ") + ps_quoted(cell);
  rows += ')';
}

void add_options(std::string& rows, const std::string& command,
                 const std::vector<Option>& options) {
  for (const Option& option : options) {
    add_row(rows,
            {command, option.name, option.letter, option.value, choices(option), option.help});
  }
}

std::string tool_script(const Tool& tool) {
  std::string options;
  std::string commands;
  add_options(options, "*", tool.shared);
  add_options(options, "", tool.leading);
  for (const Command& command : tool.commands) {
    add_options(options, command.name, command.options);
    add_row(commands, {command.name, command.help});
  }
  std::string text = replaced(std::string(kTool), "@TOOL@", tool.name);
  text = replaced(text, "@OPTIONS@", options);
  return replaced(text, "@COMMANDS@", commands);
}

}  // namespace

std::string powershell_script(const std::vector<Tool>& tools) {
  std::string text(kHead);
  for (const Tool& tool : tools)
    text += tool_script(tool);
  return text;
}

}  // namespace throttle::service::completions
