//go:build !purego

#include "go_asm.h"
#include "textflag.h"

// Subtracting 60 leaves the highest bit set in bytes from E0 on, after which a third byte is due two places
// on; subtracting 70 in those from F0 on, after which a fourth is due three places on.
#define lowHalves 0x0f0f0f0f0f0f0f0f
#define thirds    0x6060606060606060
#define fourths   0x7070707070707070
#define highests  0x8080808080808080

#define EVERYWHERE(value, x, y) \
	MOVQ $value, AX    \
	MOVQ AX, x         \
	VPBROADCASTQ x, y

// PAIRS looks at the 32 bytes in Y8, before which are those in Y5, and adds what is wrong to Y4.
#define PAIRS \
	VPERM2I128 $0x21, Y8, Y5, Y9 \
	VPALIGNR $15, Y9, Y8, Y10    \
	VPALIGNR $14, Y9, Y8, Y11    \
	VPALIGNR $13, Y9, Y8, Y12    \
	VPSRLW $4, Y10, Y13          \
	VPAND Y3, Y13, Y13           \
	VPSHUFB Y13, Y0, Y13         \
	VPAND Y3, Y10, Y10           \
	VPSHUFB Y10, Y1, Y10         \
	VPAND Y10, Y13, Y13          \
	VPSRLW $4, Y8, Y10           \
	VPAND Y3, Y10, Y10           \
	VPSHUFB Y10, Y2, Y10         \
	VPAND Y10, Y13, Y13          \
	VPSUBUSB Y6, Y11, Y11        \
	VPSUBUSB Y7, Y12, Y12        \
	VPOR Y11, Y12, Y12           \
	VPAND Y14, Y12, Y12          \
	VPXOR Y12, Y13, Y13          \
	VPOR Y13, Y4, Y4             \
	VMOVDQA Y8, Y5

// UNFINISHED adds to Y4 that a rune is not finished at the end of the 32 bytes in Y5.
#define UNFINISHED \
	VPSUBUSB lookups_last(DX), Y5, Y9 \
	VPOR Y9, Y4, Y4

// func validByTables(b []byte, t *lookups) bool
TEXT ·validByTables(SB), NOSPLIT, $0-33
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), DI
	ADDQ SI, DI // the end
	MOVQ t+24(FP), DX
	VBROADCASTI128 lookups_high(DX), Y0
	VBROADCASTI128 lookups_low(DX), Y1
	VBROADCASTI128 lookups_next(DX), Y2
	EVERYWHERE(lowHalves, X3, Y3)
	EVERYWHERE(thirds, X6, Y6)
	EVERYWHERE(fourths, X7, Y7)
	EVERYWHERE(highests, X14, Y14)
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5

stride: // of 128 bytes, which often are ASCII
	LEAQ 128(SI), BX
	CMPQ BX, DI
	JA   rest
	VMOVDQU (SI), Y9
	VMOVDQU 64(SI), Y10
	VPOR 32(SI), Y9, Y9
	VPOR 96(SI), Y10, Y10
	VPOR Y9, Y10, Y10
	VPTEST Y14, Y10
	JNZ  four
	UNFINISHED
	VPXOR Y5, Y5, Y5
	MOVQ BX, SI
	JMP  stride

four:
	VMOVDQU (SI), Y8
	PAIRS
	VMOVDQU 32(SI), Y8
	PAIRS
	VMOVDQU 64(SI), Y8
	PAIRS
	VMOVDQU 96(SI), Y8
	PAIRS
	MOVQ BX, SI
	JMP  stride

rest: // less than 128
	LEAQ 32(SI), BX
	CMPQ BX, DI
	JA   last
	VMOVDQU (SI), Y8
	PAIRS
	MOVQ BX, SI
	JMP  rest

last: // less than 32: the last 32 once more
	CMPQ SI, DI
	JE   done
	VMOVDQU -64(DI), Y5
	VMOVDQU -32(DI), Y8
	PAIRS

done:
	UNFINISHED
	VPTEST Y4, Y4
	SETEQ ret+32(FP)
	VZEROUPPER
	RET

// func maskAVX2(key uint32, b []byte)
TEXT ·maskAVX2(SB), NOSPLIT, $0-32
	MOVL key+0(FP), AX
	MOVQ AX, X0
	VPBROADCASTD X0, Y0
	MOVQ b_base+8(FP), SI
	MOVQ b_len+16(FP), DI
	ADDQ SI, DI

next:
	CMPQ SI, DI
	JE   masked
	VPXOR (SI), Y0, Y1
	VPXOR 32(SI), Y0, Y2
	VPXOR 64(SI), Y0, Y3
	VPXOR 96(SI), Y0, Y4
	VMOVDQU Y1, (SI)
	VMOVDQU Y2, 32(SI)
	VMOVDQU Y3, 64(SI)
	VMOVDQU Y4, 96(SI)
	ADDQ $128, SI
	JMP  next

masked:
	VZEROUPPER
	RET
