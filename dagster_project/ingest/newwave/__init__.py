"""Parts of `fengchao new-wave`: reading an export nobody mapped yet, matching, option sets, drafts."""
