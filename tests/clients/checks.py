"""A list of named checks, and the closing line with their number."""
import os
import sys
import traceback

CHECKS = []
BONUS = set()


def check(function):
    CHECKS.append(function)
    return function


def bonus(function):
    """A check that the official emulator fails too: shown, not counted."""
    BONUS.add(function)
    return check(function)


def main():
    only = os.environ.get('KIT_GREP', '')
    passed, failed = 0, 0
    for function in CHECKS:
        name = (function.__doc__ or function.__name__).strip()
        if only not in name:
            continue
        try:
            function()
            passed += function not in BONUS
            print(f'  ok   {name}' + (' (beyond the official emulator)' if function in BONUS else ''))
        except Exception as error:  # every failure is reported, none stops the run
            failed += function not in BONUS
            text = str(error).split('\n')[0][:200] or type(error).__name__
            word = 'no  ' if function in BONUS else 'FAIL'
            print(f'  {word} {name}: {type(error).__name__}: {text}')
            if os.environ.get('KIT_TRACE'):
                traceback.print_exc()
    print(f'{passed} passed, {failed} failed')
    sys.exit(1 if failed else 0)


def equal(got, want):
    assert got == want, f'got {got!r}, want {want!r}'


def raises(kind, call, text=''):
    try:
        call()
    except kind as error:
        assert text in str(error), f'message {error!s}'
        return error
    raise AssertionError(f'no {kind.__name__}')
