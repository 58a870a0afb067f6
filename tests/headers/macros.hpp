// SPDX-License-Identifier: MIT
// Macros that C headers define, to stand in front of the library's headers: the headers themselves
// where every system has them, else macros of the same names. Left out are those that the standard
// library refuses, such as `min` and `max` of windows.h and `move` of curses.h.
#pragma once

#include <arpa/nameser.h>
#include <complex.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/sysmacros.h>
#include <sys/ttydefaults.h>
#include <syslog.h>
#include <termios.h>

// macOS: AssertMacros.h, which CoreFoundation's headers include.
#define require(assertion, label) assertion
#define verify(assertion) assertion
// Also of Objective-C.
#define nil 0
#define NO 0
#define YES 1

// windows.h
#define ABSOLUTE 1
#define CALLBACK
#define CONST const
#define DIFFERENCE 11
#define ERROR 0
#define far
#define FAR
#define IGNORE 0
#define IN
#define INFINITE 0xFFFFFFFF
#define interface struct
#define near
#define NEAR
#define NO_ERROR 0
#define OPTIONAL
#define OUT
#define PASCAL
#define RELATIVE 2
#define small char
#define STRICT 1
#define VOID void

// X11
#define Above 0
#define Always 2
#define Below 1
#define Bool int
#define Complex 0
#define Convex 2
#define CursorShape 0
#define False 0
#define GrayScale 1
#define KeyPress 2
#define None 0L
#define Status int
#define True 1
#define Unsorted 0

// curses.h and term.h
#define bell "\a"
#define columns 80
#define COLOR_RED 1
#define ERR (-1)
#define lines 24
#define newline "\n"
#define OK 0
#define tab "\t"

// What else numerics and graphics define.
#define ABS(a) ((a) < 0 ? -(a) : (a))
#define CLAMP(a, low, high) ((a) < (low) ? (low) : (a) > (high) ? (high) : (a))
#define DOMAIN 1
#define OVERFLOW 3
#define PI 3.14159265358979323846
#define SIGN(a) ((a) < 0 ? -1 : 1)
#define SQR(a) ((a) * (a))
#define UNDERFLOW 4

// What Eigen refuses stands between it and the library: X11, resolv.h and macOS again.
#include <unsupported/Eigen/CXX11/Tensor>

#define Success 0
#define _res (*__res_state())
#define check(assertion) assertion
