package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"time"
)

type message struct {
	AtsiApplicationId, Status, RawStatus string
	BusinessDate                         time.Time
}

var client = http.Client{Timeout: 30 * time.Second}

// send returns the reply's status, its Retry-After in seconds and its body; the status is 599 without an answer.
func send(body []byte) (int, int, []byte) {
	request, err := http.NewRequest("POST", os.Getenv("STATUS_URL")+"/api/application-status", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-AtsiToken", os.Getenv("ATSI_TOKEN"))
	reply, err := client.Do(request)
	if err != nil {
		return 599, 0, nil
	}
	defer reply.Body.Close()
	content, err := io.ReadAll(reply.Body)
	if err != nil {
		return 599, 0, nil
	}
	retryAfter, _ := strconv.Atoi(reply.Header.Get("Retry-After"))
	return reply.StatusCode, retryAfter, content
}

func report(sent message, attempts int) string {
	body, err := json.Marshal(sent)
	if err != nil {
		log.Fatal(err)
	}
	for attempt := 0; attempt < attempts; attempt++ {
		status, retryAfter, content := send(body)
		if status == 200 {
			return string(content)
		}
		if status != 429 && status < 500 {
			log.Fatal(string(content))
		}
		most := 1 << attempt
		if most > 60 {
			most = 60
		}
		pause := float64(retryAfter) + rand.Float64()*float64(most)
		time.Sleep(time.Duration(pause * float64(time.Second)))
	}
	log.Fatal("not sent: keep the report and send it with the next ones")
	return ""
}

func main() {
	fmt.Println(report(message{os.Getenv("APPLICATION_ID"), "INTERVIEW", "1st phone interview", time.Now().UTC()}, 8))
}
