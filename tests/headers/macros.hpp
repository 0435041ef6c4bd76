// Names that headers of C libraries, systems and other libraries define as macros, as harmful as they do. A file that
// includes one of those and then this library must compile.
#pragma once

// <complex.h>
#define I _Complex_I
#define complex _Complex
#define imaginary _Imaginary
// windows.h and what it includes
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define near
#define far
#define small char
#define hyper __int64
#define interface struct
#define pascal __stdcall
#define cdecl __cdecl
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define BOOL int
#define TRUE 1
#define FALSE 0
#define ERROR 0
#define DELETE (0x00010000L)
#define IGNORE 0
#define INFINITE 0xFFFFFFFF
#define ABSOLUTE 1
#define RELATIVE 2
#define TRANSPARENT 1
#define OPAQUE 2
#define GetObject GetObjectA
#define GetMessage GetMessageA
#define SendMessage SendMessageA
#define CreateFile CreateFileA
#define DeleteFile DeleteFileA
#define DrawText DrawTextA
#define LoadImage LoadImageA
// AssertMacros.h of macOS
#define check(assertion) do { if (!(assertion)) __builtin_trap(); } while (0)
#define verify(assertion) do { if (!(assertion)) __builtin_trap(); } while (0)
#define require(assertion, label) do { if (!(assertion)) goto label; } while (0)
#define require_noerr(error, label) do { if ((error) != 0) goto label; } while (0)
// <sys/sysmacros.h>, <termios.h>, <sys/param.h> and what compilers define in their own dialect
#define major(device) gnu_dev_major(device)
#define minor(device) gnu_dev_minor(device)
#define makedev(major, minor) gnu_dev_makedev(major, minor)
#define B0 0000000
#define B50 0000001
#define B110 0000003
#define MIN(a, b) (((a) < (b)) ? (a) : (b))
#define MAX(a, b) (((a) > (b)) ? (a) : (b))
#define unix 1
#define linux 1
// <ctype.h> of newlib and BSD
#define _U 01
#define _L 02
#define _N 04
#define _S 010
#define _P 020
#define _C 040
#define _X 0100
#define _B 0200
// X11
#define Bool int
#define Status int
#define True 1
#define False 0
#define None 0L
#define Success 0
#define Always 2
#define Above 0
#define Below 1
#define Complex 0
#define Nonconvex 1
#define Convex 2
#define Unsorted 0
#define GrayScale 1
#define CursorShape 0
#define KeyPress 2
#define FocusIn 9
// Arduino.h
#define F(string_literal) (reinterpret_cast<const char*>(string_literal))
#define PI 3.1415926535897932384626433832795
#define HALF_PI 1.5707963267948966192313216916398
#define TWO_PI 6.283185307179586476925286766559
#define EULER 2.718281828459045235360287471352
#define SERIAL 0x0
#define DISPLAY 0x1
#define LOW 0x0
#define HIGH 0x1
#define INPUT 0x0
#define OUTPUT 0x1
#define CHANGE 1
#define DEFAULT 1
#define EXTERNAL 0
#define bit(b) (1UL << (b))
#define sq(x) ((x) * (x))
#define radians(deg) ((deg)*DEG_TO_RAD)
#define degrees(rad) ((rad)*RAD_TO_DEG)
#define constrain(amt, low, high) ((amt) < (low) ? (low) : ((amt) > (high) ? (high) : (amt)))
// Python.h's neighbours, perl.h, Qt and others
#define slots
#define signals public
#define foreach(variable, container) for (variable : container)
#define forever for (;;)
#define emit
#define Q(x) #x
#define ASSERT(x) ((void)0)
#define CHECK(x) ((void)0)
#define LOG(x) ((void)0)
#define PRINT(x) ((void)0)
