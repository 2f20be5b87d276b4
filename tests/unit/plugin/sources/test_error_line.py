"""What a program says went wrong is told, and not the last line of its stack trace."""

from __future__ import annotations

from pytest_pmd_migrations.sources.command.error_line import error_line

from tests.every import for_every

PRINTED = {
    "PHP": """
Running migration 112
PHP Fatal error:  Uncaught Error: Undefined constant "DRIVER" in /app/Schema.php:72
Stack trace:
#0 /app/Schema.php(32): Schema\\last_id()
#1 [internal function]: Schema\\version_112()
#2 {main}
  thrown in /app/Schema.php on line 72""",
    "JavaScript": """
/app/migrate.js:3
    throw new Error("no such table: notes");
    ^

Error: no such table: notes
    at Object.<anonymous> (/app/migrate.js:3:11)
    at node:internal/main/run_main_module:28:49

Node.js v20.11.0""",
    "Java": """
Exception in thread "main" java.lang.RuntimeException: migration failed
\tat app.Migrate.main(Migrate.java:9)
Caused by: java.sql.SQLException: no such table: notes
\tat app.Migrate.step(Migrate.java:31)
\t... 1 more""",
    "C#": """
Unhandled exception. System.Exception: no such table: notes
   at App.Migrate.Main(String[] args) in /app/Migrate.cs:line 9""",
    "Ruby": """
migrate.rb:2:in `step': no such table: notes (RuntimeError)
\tfrom migrate.rb:5:in `<main>'""",
    "Go": """
panic: no such table: notes

goroutine 1 [running]:
main.step(...)
\t/app/main.go:8
main.main()
\t/app/main.go:12 +0x2c
exit status 2""",
    "Rust": """
thread 'main' panicked at src/main.rs:2:5:
no such table: notes
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace""",
    "Python": """
Traceback (most recent call last):
  File "/app/migrate.py", line 3, in <module>
    step()
sqlite3.OperationalError: no such table: notes""",
    "one that indents": "Error:\n  no such table: notes\n",
    "one that says no more": "#1 {main}\n",
    "one that is silent": "",
}
TOLD = {
    "PHP": 'PHP Fatal error:  Uncaught Error: Undefined constant "DRIVER" in /app/Schema.php:72',
    "JavaScript": "Error: no such table: notes",
    "Java": "Caused by: java.sql.SQLException: no such table: notes",
    "C#": "Unhandled exception. System.Exception: no such table: notes",
    "Ruby": "migrate.rb:2:in `step': no such table: notes (RuntimeError)",
    "Go": "panic: no such table: notes",
    "Rust": "no such table: notes",
    "Python": "sqlite3.OperationalError: no such table: notes",
    "one that indents": "no such table: notes",
    "one that says no more": "#1 {main}",
    "one that is silent": "",
}


@for_every("language", PRINTED)
def test_the_error_is_told_whichever_language_raised_it(language: str) -> None:
    assert error_line(PRINTED[language].splitlines()) == TOLD[language]
